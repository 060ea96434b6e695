/** Under sudo the collector becomes the user again; what takes root meanwhile is done by its broker, at its word. */
import { flushCompileCache } from 'node:module';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { say } from '../output/stderr.ts';
import { invokingUser, type User } from '../store/owner.ts';
import type { Broker } from './broker/client.ts';
import { becomeForGood, whyNotAs } from './broker/give-up-root.ts';
import type { Order } from './broker/words.ts';
import { EXIT } from './exit.ts';
import { snapshotSocket } from './flight-control.ts';
import { hostOf } from './look-at-node.ts';
import type { Place } from './place.ts';
import type { ProbeProcess } from './probe-process.ts';
import type { RecordOptions } from './record.ts';
import { kubeOptions } from './record-config.ts';

/** Whom a process becomes for good. */
export interface Own {
  /** Null: it stays who it is. */
  readonly user: User | null;
  /** Why it stays root though somebody used sudo; null: it does not, or nobody did. */
  readonly whyRoot: string | null;
}

/** Whom `what`, which reads or writes this file, becomes before it takes anything that others said. Says so where it stays root. */
export function ownUser(path: string, what: 'collector' | 'screen'): Own {
  const user = invokingUser();
  const whyRoot = user === null ? null : whyNotAs(user, dirname(path));
  if (whyRoot !== null) say(`the ${what} stays root: ${whyRoot}`);
  return { user: whyRoot === null ? user : null, whyRoot };
}

/** Becomes who used sudo, whose home is then where what is remembered lies. */
export function becomeUser(user: User): void {
  flushCompileCache(); // below root's home
  becomeForGood(user);
  const home = safely(() => userInfo().homedir);
  if (home !== null) process.env.HOME = home;
}

/** Null: the user has no name here. */
function safely<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

export function orderOf(options: RecordOptions, folder: string, socket: string, { flight }: Place): Order {
  return {
    pid: process.pid,
    address: `unix:${socket}`,
    command: options.command,
    remove: [folder, ...(flight === null ? [] : [snapshotSocket()])],
    ...(options.node ? { node: { host: hostOf(options.netns) } } : {}),
    ...(options.k8s ? { kube: kubeOptions(options) } : {}),
  };
}

export type Probe = Pick<ProbeProcess, 'pid' | 'exited' | 'end'>;

export function brokeredProbe(broker: Broker): Probe {
  const { probe } = broker;
  broker.ask('probe');
  const exited = probe.exited.catch((error: Error) => {
    say(`trowel: ${error.message}`);
    return EXIT.FAILED;
  });
  return {
    get pid() {
      return probe.pid;
    },
    exited,
    end: async () => {
      broker.ask('end-probe');
      await exited;
    },
  };
}
