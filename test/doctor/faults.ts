/** The faults of the laboratory, and what the doctor has to say of each. */
export interface Fault {
  readonly fault: string;
  readonly finding: string;
  readonly says: RegExp;
  /** Where the fault is to be seen; the router between the nodes is nobody's, as in life. */
  readonly node?: string;
  /** In the place of the usual traffic. */
  readonly command?: string;
}

// biome-ignore format: a table
export const FAULTS: readonly Fault[] = [
  { fault: 'no-endpoints', finding: 'no-endpoints', says: /selector app=backnd takes no pod; critical-app\/backend-\S+ has app=backend/ },
  { fault: 'wrong-port', finding: 'wrong-port', says: /leads to port 8080 \(targetPort\), where none of .* listens; they listen at 80/ },
  { fault: 'kube-proxy-off', finding: 'kube-proxy', says: /no rules for any service/ },
  { fault: 'forward-drop', finding: 'forward-drop', says: /policy of the node’s FORWARD chain is DROP and no rule accepted \d+ packets/ },
  { fault: 'ip-forward-off', finding: 'ip-forward-off', says: /net\.ipv4\.ip_forward = 0/ },
  { fault: 'bridge-nf-off', finding: 'bridge-nf-off', says: /not translated back/ },
  { fault: 'policy-drop', finding: 'policy-drop', says: /rule 1 of the node’s chain ip filter FORWARD drops packets to 172\.17\.0\.5:80 .*deny-csj02/ },
  { fault: 'hairpin-off', finding: 'hairpin-off', says: /report-\S+ asks itself through service critical-app\/report/, node: 'node-2' },
  { fault: 'security-group', finding: 'beyond-node', says: /dropped none of the packets to 172\.17\.1\.4, so they are lost beyond it or at node node-2/ },
  { fault: 'route-missing', finding: 'route-missing', says: /no route to 172\.17\.1\.4 \(pods of node-2, 172\.17\.1\.0\/24\)/ },
  { fault: 'mtu-blackhole', finding: 'mtu-black-hole', says: /large segments from critical-app\/report-\S+ to critical-app\/client/, node: 'node-2' },
  { fault: 'conntrack-full', finding: 'conntrack-full', says: /table of connections of the node is full: \d+ of \d+/ },
  { fault: 'dns-down', finding: 'dns-server', says: /is gone: nobody has port 53 at 172\.17\.0\.2/ },
  { fault: 'dns-hang', finding: 'dns-server', says: /skydns \(\d+\) of kube-system\/kube-dns-\S+ is stopped/ },
  { fault: 'upstream-drop', finding: 'dns-unanswered', says: /search domain localdomain; the server asked 203\.0\.113\.53:53 \d+ times/, command: 'LAB_TIMEOUT=12 "$LAB" curl' },
];

/** Those of ../shared/lab/kube, a real cluster; seen on its first node. */
// biome-ignore format: a table
export const KUBE_FAULTS: readonly Fault[] = [
  { fault: 'no-endpoints', finding: 'no-endpoints', says: /selector app=critical-app,role=back-end takes no pod; critical-app\/backend-\S+ has app=critical-app,role=backend/ },
  { fault: 'wrong-port', finding: 'wrong-port', says: /leads to port 8080 \(targetPort\), where none of .* listens; they listen at 80/ },
  { fault: 'dns-down', finding: 'no-endpoints', says: /service kube-system\/kube-dns has no endpoints: its selector k8s-app=kube-dns takes no pod/ },
  { fault: 'crashloop', finding: 'crash-loop', says: /critical-app\/crasher: a container ends over and over .*crasher: exit code 3/ },
  { fault: 'forward-drop', finding: 'forward-drop', says: /policy of the node’s FORWARD chain is DROP/ },
  { fault: 'pod-drop', finding: 'policy-drop', says: /rule 1 of the node’s chain ip filter FORWARD drops packets to .*critical-app\/backend-\S+\) \(“lab: pod-drop”\)/ },
  { fault: 'conntrack-full', finding: 'conntrack-full', says: /table of connections of the node is full: \d+ of \d+/ },
  { fault: 'upstream-silent', finding: 'policy-drop', says: /chain ip filter INPUT drops packets to 203\.0\.113\.53:53/ },
];
