/** Names that people bring from elsewhere. A `from` that ends with a dot stands for all names that begin so. */
export const ALIASES: readonly { readonly from: string; readonly to: string }[] = [
  { from: 'dns.qry.name', to: 'dns.qname' },
  { from: 'dns.qry.type', to: 'dns.qtype' },
  { from: 'dns.flags.rcode', to: 'dns.rcode' },
  { from: 'dns.resp.name', to: 'dns.answers' },
  { from: 'dns.a', to: 'dns.addrs' },
  { from: 'ip.addr', to: 'fd.ip' },
  { from: 'ip.src', to: 'fd.cip' },
  { from: 'ip.dst', to: 'fd.sip' },
  { from: 'tcp.port', to: 'fd.port' },
  { from: 'udp.port', to: 'fd.port' },
  { from: 'tcp', to: 'evt.buffer' },
  { from: 'udp', to: 'evt.buffer' },
  { from: 'frame', to: 'evt.buffer' },
  { from: 'frame.number', to: 'evt.num' },
  { from: 'evt.is.', to: 'evt.type.is.' },
];

/** Names that exist elsewhere and not here: said so, rather than "unknown". */
export const UNSUPPORTED: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /^(mesos|marathon)\./, reason: 'Mesos and Marathon are gone from the field; there is no replacement' },
  { pattern: /^(span|evtin)\./, reason: 'sysdig’s tracers are not recorded' },
];
