/** The command that would confirm a cause: its row's, with what is known in its places. */
import { shellWord } from '../model/shell-word.ts';
import type { Cause } from './story.ts';

/** What a command of the catalogue has places for. What is not known stays as it is. */
const PLACES = /\bDOMAIN-NAME\b|\bNAME\b|\bTYPE\b|@SERVER\b|@UPSTREAM\b|\bADDRESS\b|\bHOST\b|\bPATH\b|\bPID\b/g;
const DNS_PORT = '53';

type Facts = Readonly<Record<string, unknown>>;

/** `text`: a command or a fix of the catalogue. Whatever the capture holds is a word of it, and no option. */
export function confirmText(text: string, { facts }: Pick<Cause, 'facts'>): string {
  const known = Object.fromEntries(Object.entries(facts)) as Facts;
  return text.replace(PLACES, (place) => wordOf(place, known) ?? place).replace(/ {2,}/g, ' ');
}

function wordOf(place: string, facts: Facts): string | null {
  switch (place) {
    case 'NAME':
      return nameWord(text(facts.name));
    case 'DOMAIN-NAME':
      return nameWord(joined(text(facts.name), first(facts.suffixes)));
    case 'TYPE':
      return typeWord(first(facts.silent) ?? text(facts.qtype));
    case '@SERVER':
      return serverWord(text(facts.server) ?? first(facts.servers));
    case '@UPSTREAM':
      return serverWord(first(member(facts.upstream, 'servers')));
    case 'PID':
      return pidWord(facts.server) ?? pidWord(facts.by) ?? pidWord(facts.owner);
    default:
      return targetWord(place, text(facts.to) ?? text(facts.what) ?? text(facts.from));
  }
}

/** A path, an address, or its host alone: each only where it is one. */
function targetWord(place: string, target: string | null): string | null {
  if (target === null) return null;
  const end = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d+)$/.exec(target);
  if (place === 'PATH') return end === null ? shellWord(target.startsWith('-') ? `./${target}` : target) : null;
  return end === null ? null : shellWord(place === 'HOST' ? end[1]! : target);
}

/** `-q`: dig would take some names for options. */
function nameWord(name: string | null): string | null {
  if (name === null) return null;
  return /^[A-Za-z0-9_]/.test(name) ? shellWord(name) : `-q ${shellWord(name)}`;
}

/** dig asks for A by itself. */
function typeWord(type: string | null): string | null {
  if (type === null || !/^[A-Z][A-Z0-9]*$/.test(type)) return null;
  return type === 'A' ? '' : type;
}

function serverWord(server: string | null): string | null {
  const end = /^\[?([0-9A-Fa-f.:]+?)\]?:(\d+)$/.exec(server ?? '');
  if (end === null) return null;
  return `@${end[1]}${end[2] === DNS_PORT ? '' : ` -p ${end[2]}`}`;
}

function pidWord(process: unknown): string | null {
  const pid = member(process, 'pid');
  return typeof pid === 'number' ? `${pid}` : null;
}

function joined(name: string | null, suffix: string | null): string | null {
  return name === null || suffix === null ? null : `${name}.${suffix}`;
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function first(value: unknown): string | null {
  return Array.isArray(value) ? text(value[0]) : null;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Facts)[name] : undefined;
}
