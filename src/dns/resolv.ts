/** resolv.conf(5), as a resolver reads it. */

export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  /** Seconds to wait for an answer before asking again. */
  readonly timeout: number;
  /** How often the list of servers is gone through. */
  readonly attempts: number;
  readonly options: readonly string[];
  /** Its lines end with CR LF: then glibc takes the CR for part of the last word. */
  readonly dosLines: boolean;
}

export const DEFAULTS: ResolvConf = { nameservers: [], search: [], ndots: 1, timeout: 5, attempts: 2, options: [], dosLines: false };

/** Parses the file's text; what it does not say has the resolver's default. The last `search` or `domain` line counts. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  const options: string[] = [];
  let search: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && words[0] !== undefined) nameservers.push(words[0]);
    else if (keyword === 'search') search = words.map(withoutDot);
    else if (keyword === 'domain') search = words.slice(0, 1).map(withoutDot);
    else if (keyword === 'options') options.push(...words);
  }
  const option = (name: string, otherwise: number) => {
    const found = options.findLast((word) => word.startsWith(`${name}:`));
    const value = found === undefined ? Number.NaN : Number(found.slice(name.length + 1));
    return Number.isInteger(value) ? value : otherwise;
  };
  return {
    nameservers,
    search,
    options,
    dosLines: text.includes('\r\n'),
    ndots: Math.min(15, option('ndots', DEFAULTS.ndots)),
    timeout: Math.min(30, Math.max(1, option('timeout', DEFAULTS.timeout))),
    attempts: Math.min(5, Math.max(1, option('attempts', DEFAULTS.attempts))),
  };
}

function withoutDot(domain: string): string {
  return domain.endsWith('.') ? domain.slice(0, -1) : domain;
}
