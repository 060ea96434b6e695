/** Takes out of a text what is nobody else's business, before it goes into a ticket. One row a form. */

const HIDDEN = '<redacted>';
const WORDS = 'authorization|token|password|passwd|passphrase|secret|api[-_]?key|access[-_]?key|private[-_]?key|credential';

export interface Rule {
  /** What it is about. */
  readonly form: string;
  readonly find: RegExp;
  /** As String.replace takes it. */
  readonly by: string;
}

/** In their order: what one leaves, the next sees. */
export const RULES: readonly Rule[] = [
  { form: 'a private key', find: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, by: HIDDEN },
  { form: 'https://user:password@host', find: /(\w+:\/\/)[^\s/@]+@/g, by: `$1${HIDDEN}@` },
  {
    form: 'a webhook’s path',
    find: /(https?:\/\/[^\s/]*(?:hooks?\.|webhook|discord(?:app)?\.com\/api)[^\s/]*\/)[^\s"']+/gi,
    by: `$1${HIDDEN}`,
  },
  { form: 'the query of a URL', find: /(https?:\/\/[^\s?"']+\?)[^\s"']+/g, by: `$1${HIDDEN}` },
  { form: 'the query of a path', find: /((?:^|[\s"'])\/[^\s?"']*\?)[^\s"']*=[^\s"']*/g, by: `$1${HIDDEN}` },
  { form: 'a line of cookies', find: /\b((?:set-)?cookie)(["']?\s*[=:]\s*["']?)[^\r\n"']+/gi, by: `$1$2${HIDDEN}` },
  { form: 'curl -u user:password', find: /(\s(?:-u|--user)[\s=]+)\S+/g, by: `$1${HIDDEN}` },
  { form: 'curl -uuser:password', find: /(\s-u)[^\s:]+:\S+/g, by: `$1${HIDDEN}` },
  { form: 'mysql -ppassword', find: /(\b(?:mysql|mysqldump|mysqladmin|mariadb)\w*\b(?:\s\S+)*?\s-p)[^\s-]\S*/g, by: `$1${HIDDEN}` },
  { form: 'redis-cli -a password', find: /(\bredis-cli\b(?:\s\S+)*?\s(?:-a|--pass)[\s=]+)\S+/g, by: `$1${HIDDEN}` },
  { form: 'sshpass -p password', find: /(\bsshpass\b(?:\s\S+)*?\s-p\s*)\S+/g, by: `$1${HIDDEN}` },
  { form: 'pwd=password', find: /\b((?:pwd|pass|pw|sig|signature|session(?:id)?|auth)\s*=\s*)(?!\/)[^\s"'&;]+/gi, by: `$1${HIDDEN}` },
  {
    form: 'a name that says it is secret, and its value',
    find: new RegExp(`\\b([\\w-]*(?:${WORDS})[\\w-]*)(["']?\\s*[=: ]\\s*["']?)(?:(?:Bearer|Basic|Digest|Token)\\s+)?[^\\s"'&]+`, 'gi'),
    by: `$1$2${HIDDEN}`,
  },
  { form: 'Bearer token', find: /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/g, by: `$1 ${HIDDEN}` },
  { form: 'a JSON web token', find: /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, by: HIDDEN },
  {
    form: 'keys of clouds and forges',
    find: /\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|sk-[\w-]{20,})/g,
    by: HIDDEN,
  },
];

export function redact(text: string, rules: readonly Rule[] = RULES): string {
  let safe = text;
  for (const { find, by } of rules) safe = safe.replace(find, by);
  return safe;
}

/** Stands for the blanks in an argument, while a command line is looked at as a whole. */
const BLANK = '\ue000';

/** The arguments of a program, each by itself and with those before it, which may say that it is secret. */
export function redactArgs(args: readonly string[], rules: readonly Rule[] = RULES): string[] {
  const line = args.map((arg) => redact(arg, rules).replaceAll(' ', BLANK)).join(' ');
  const safe = redact(line, rules).split(' ');
  return safe.length === args.length ? safe.map((arg) => arg.replaceAll(BLANK, ' ')) : args.map(() => HIDDEN);
}

/** Rules of one's own: a regular expression a line, of which all that it finds is hidden; `#` begins a comment. Throws SyntaxError. */
export function parseRules(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ form: line, find: new RegExp(line, 'g'), by: HIDDEN }));
}
