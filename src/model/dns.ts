/** One DNS message that an event carried. */
export interface DnsRow {
  readonly id: number;
  /** Number of the event that carried it. */
  readonly num: number;
  /** When that event ended, ns since the capture's start. */
  readonly time: number;
  /** When it began: a query is on its way from then on, its call may return after the answer has come. */
  readonly start: number;
  /** Rows of the event's thread and fd. */
  readonly thread: number;
  readonly fd: number;
  /** Name of the event's type: resolver libraries differ in it. Empty: unknown. */
  readonly call: string;
  readonly transport: 'udp' | 'tcp';
  /** mDNS and LLMNR look the same, but ask the neighbours and not a server. */
  readonly protocol: 'dns' | 'mdns' | 'llmnr';
  /** What the process does with it: it asks, it answers, or it asks on for another. */
  side: 'client' | 'server' | 'forward';
  /** Address and port of the server's end. */
  readonly server: string;
  readonly messageId: number;
  readonly response: boolean;
  readonly qname: string;
  /** A, AAAA …; TYPE65 for one without a name. */
  readonly qtype: string;
  readonly qclass: string;
  /** NOERROR, NXDOMAIN …; null in a query. */
  readonly rcode: string | null;
  readonly answers: readonly DnsAnswer[];
  /** Header flags that are set: aa, tc, rd, ra, ad, cd. */
  readonly flags: readonly string[];
  /** The payload was cut: answers may be missing. */
  readonly cut: boolean;
  /** Event number of the answer to this query, or of the query that this answers; null: not seen. */
  partner: number | null;
  /** From the query's start to the answer's time, on both; null: not answered. */
  latency: number | null;
  /** 1 for the first time this question was sent on its socket, 2 for its first repetition … */
  readonly attempt: number;
}

export interface DnsAnswer {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  /** An address, a name, or the text form of the record. */
  readonly data: string;
}

/**
 * An event in which a thread may have sent questions that were not seen: its first use of a socket towards a DNS server, and
 * each send whose arguments are missing. With the answers, and with what the server received, this tells what was asked.
 */
export interface DnsSocketRow {
  readonly id: number;
  readonly fd: number;
  readonly thread: number;
  readonly num: number;
  /** When the event began. */
  readonly time: number;
}

/** A resolv.conf as one process read it. */
export interface ResolverRow {
  readonly id: number;
  /** Number of the event that read it, and when. */
  readonly num: number;
  readonly time: number;
  /** Row of the thread that read it. */
  readonly thread: number;
  readonly text: string;
}

/** Where a message belongs: which lookup of its process it was part of, and which of that lookup's attempts. */
export interface LookupPart {
  readonly lookup: {
    readonly id: number;
    readonly name: string;
    /** ns from the first question to the last answer, or to giving up. */
    readonly latency: number;
    /** NOERROR, NODATA, NXDOMAIN …, TRUNCATED, TIMEOUT, UNREACHABLE, ABORTED, UNANSWERED. */
    readonly result: string;
    readonly addresses: readonly string[];
    /** How many questions it took, repetitions included. */
    readonly queries: number;
    /** Of the process' resolv.conf. */
    readonly ndots: number;
    /** glibc, musl, go, c-ares; unknown. */
    readonly library: string;
  };
  /** 1 for the first name tried. */
  readonly index: number;
  /** What was appended to the name; empty: nothing. */
  readonly suffix: string;
  /** This attempt did not give the answer. */
  readonly wasted: boolean;
}
