/** A cluster's faults, played in the laboratory beside the project, with what must be said of each. */
const NAME = 'backend.critical-app.svc.cluster.local';

export interface Fault {
  /** Empty: none is switched on. */
  readonly fault: string;
  readonly command: readonly string[];
  /** Ids of the first cause that are right; null: nothing is to be blamed. */
  readonly cause: RegExp | null;
  readonly says?: RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

const PATIENT = { LAB_TIMEOUT: '2' };

// biome-ignore format: a table
export const FAULTS: readonly Fault[] = [
  { fault: '', command: ['curl', NAME], cause: /^dns-search-domain-silent$/, says: /waited 10\.0\d+ s for DNS.*localdomain.*skydns \(\d+\) asked 203\.0\.113\.53:53 4 times/ },
  { fault: '', command: ['lookup', NAME, 'musl'], cause: /^dns-search-domain-fails$/, says: /after 5\.0\d+ s musl gives up/ },
  { fault: '', command: ['curl', 'backend'], cause: null },
  { fault: 'forward-drop', command: ['curl', 'backend'], cause: /^dns-(packets-dropped|server-silent)$/, env: PATIENT },
  { fault: 'ip-forward-off', command: ['curl', 'report'], cause: /^(connect-packets-dropped|connect-unanswered|dns-packets-dropped|dns-server-silent)$/, env: PATIENT },
  { fault: 'bridge-nf-off', command: ['curl', 'backend'], cause: /^dns-(?!server-(hangs|unreachable))/, env: PATIENT },
  { fault: 'dns-down', command: ['curl', 'backend'], cause: /^dns-server-(unreachable|refuses)$/ },
  { fault: 'dns-hang', command: ['curl', 'backend'], cause: /^dns-server-(silent|stopped|hangs)$/, env: PATIENT },
  { fault: 'kube-proxy-off', command: ['curl', 'backend'], cause: /^dns-server-unreachable$/ },
  { fault: 'no-endpoints', command: ['curl', 'backend'], cause: /^connect-refused$/, says: /service without endpoints/ },
  { fault: 'wrong-port', command: ['curl', 'backend'], cause: /^connect-refused$/, says: /nobody listens/ },
  { fault: 'policy-drop', command: ['curl', '172.17.0.5'], cause: /^connect-(packets-dropped|unanswered)$/, env: PATIENT },
  { fault: 'security-group', command: ['curl', 'report'], cause: /^connect-(packets-dropped|unanswered)$/, env: PATIENT },
  { fault: 'route-missing', command: ['curl', 'report'], cause: /^connect-(unreachable|unanswered|packets-dropped)$/, env: PATIENT },
  { fault: 'conntrack-full', command: ['curl', 'backend'], cause: /^dns-packets-dropped$/, says: /conntrack/, env: PATIENT },
  { fault: 'hairpin-off', command: ['curl', 'report'], cause: /^connect-unanswered$/, env: { LAB_FROM: 'report', LAB_TIMEOUT: '3' } },
  { fault: 'mtu-blackhole', command: ['curl', 'report/large'], cause: /^mtu-black-hole$/, env: { LAB_TIMEOUT: '4' } },
];
