/** A client of the API server is not allowed what it asks, where that goes over the wire in plain text. */
import { compileFilter } from '../../filter/compile.ts';
import { type Exchange, exchanges } from '../../lens/http.ts';
import { type Check, command, type Finding, finding } from '../check.ts';
import { type Examined, times } from '../examined.ts';

const REFUSED = 'evt.is_io=true and evt.failed=false and fd.type in (ipv4, ipv6)';
const API = /^\/(api|apis)\//;
const CODES: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden' };

export const apiForbidden: Check = {
  id: 'api-forbidden',
  title: 'the API server refuses what a client asks (RBAC)',
  read(examined) {
    if (!examined.observed.httpRefused) return [];
    const { capture, dims } = examined;
    const filter = compileFilter(REFUSED, { dims, epoch: capture.epoch, hostname: '', growing: false });
    const refused = exchanges(capture, filter).filter(
      ({ answer, uri, side, thread, fd }) =>
        side === 'client' &&
        answer !== null &&
        CODES[answer.status ?? 0] !== undefined &&
        API.test(uri ?? '') &&
        examined.inScope(examined.netnsOf({ thread, fd })),
    );
    return [...Map.groupBy(refused, ({ pid, answer }) => `${pid} ${answer!.status}`).values()].map((all) => told(examined, all));
  },
};

function told(examined: Examined, all: readonly Exchange[]): Finding {
  const { process, pid, thread, fd, answer } = all[0]!;
  const who = examined.who(examined.netnsOf({ thread, fd }), thread) || `${process} (${pid})`;
  const asked = [...new Set(all.map(({ method, uri }) => `${method} ${uri}`))];
  const { status } = answer!;
  const meaning = status === 403 ? 'it has no right to do that (RBAC)' : 'it did not say who it is, or its token is no longer valid';
  return finding(
    'api-forbidden',
    'critical',
    `the API server answered ${times(all.length, 'request')} of ${who} with ${status} ${CODES[status ?? 0]}: ${asked.slice(0, 3).join(', ')}; ${meaning}`,
    {
      affected: [who],
      events: all.flatMap((one) => [one.num, one.answer!.num]),
      confidence: 0.9,
      unseen: ['requests over TLS, which are not read'],
      fixes:
        status === 403
          ? [
              command`kubectl auth can-i ${VERBS[all[0]!.method ?? ''] ?? 'get'} ${resourceOf(all[0]!.uri ?? '')} --as=system:serviceaccount:NAMESPACE:NAME`,
              'kubectl create rolebinding … --serviceaccount=NAMESPACE:NAME',
            ]
          : ['is the token mounted in the pod, and read anew when it changes? /var/run/secrets/kubernetes.io/serviceaccount/token'],
    },
  );
}

const VERBS: Readonly<Record<string, string>> = { GET: 'list', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** `pods` of `/api/v1/namespaces/shop/pods?limit=500`. */
function resourceOf(uri: string): string {
  const parts = uri.replace(/\?.*/, '').split('/').filter(Boolean);
  const from = parts[0] === 'api' ? 2 : 3;
  return parts[from] === 'namespaces' && parts.length > from + 2 ? parts[from + 2]! : (parts[from] ?? 'RESOURCE');
}
