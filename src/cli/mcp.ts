/** `trowel mcp`: questions as tools for agents, over standard input and output. */
import { basename } from 'node:path';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { mcpServer } from '../mcp/server.ts';
import type { Opened } from '../mcp/tools.ts';
import { redact } from '../model/redact.ts';
import { contextOf } from './capture-context.ts';
import { openCapture } from './open-capture.ts';
import { VERSION } from './version.ts';

export interface McpOptions {
  /** Secrets are not redacted. */
  readonly raw?: boolean;
}

/** Ends when its input does. */
export async function mcp(paths: readonly string[], options: McpOptions): Promise<void> {
  const captures = new Map<string, Opened>();
  try {
    for (const path of paths) {
      const capture = await openCapture(path);
      const name = captures.has(basename(path)) ? path : basename(path);
      captures.set(name, { capture, context: contextOf(capture) });
    }
    const server = mcpServer({ version: VERSION, captures, text: options.raw === true ? (text) => text : redact });
    const ended = new Promise<void>((done) => process.stdin.once('end', done).once('close', done));
    await server.connect(new StdioServerTransport());
    await ended;
    await server.close();
  } finally {
    for (const { capture } of captures.values()) capture.close();
  }
}
