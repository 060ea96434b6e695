/** Under sudo the collector becomes the user again; what takes root meanwhile is done by its broker, at its word. */
import { dirname } from 'node:path';
import { say } from '../output/stderr.ts';
import { invokingUser, type User } from '../store/owner.ts';
import type { Broker } from './broker/client.ts';
import { whyNotAs } from './broker/give-up-root.ts';
import type { Order } from './broker/words.ts';
import { EXIT } from './exit.ts';
import { snapshotSocket } from './flight-control.ts';
import { hostOf } from './look-at-node.ts';
import type { Place } from './place.ts';
import type { ProbeProcess } from './probe-process.ts';
import type { RecordOptions } from './record.ts';
import { kubeOptions } from './record-config.ts';

/** Whom the collector becomes before it takes anything from the probe; null: it stays who it is, for want of a user, or as is said. */
export function ownUser({ path }: Place): User | null {
  const user = invokingUser();
  if (user === null) return null;
  const why = whyNotAs(user, dirname(path));
  if (why !== null) say(`the collector stays root: ${why}`);
  return why === null ? user : null;
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
