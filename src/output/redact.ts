/** Takes out of a text what is nobody else's business, before it goes into a ticket. */

const HIDDEN = '<redacted>';
/** `--token abc`, `password=abc`, `Authorization: Bearer abc`. */
const SECRET =
  /\b([\w-]*(?:authorization|token|password|passwd|secret|api[-_]?key|access[-_]?key|cookie|credential)[\w-]*)(["']?\s*[=: ]\s*["']?)(?:(?:Bearer|Basic)\s+)?[^\s"'&]+/gi;
/** `https://user:password@host`. */
const URL_LOGIN = /(\w+:\/\/)[^\s/@]+@/g;
/** Words in a URL's query. */
const QUERY = /(https?:\/\/[^\s?]+\?)[^\s]+/g;
/** Curl's and others' `-u user:password`. */
const USER_OPTION = /(\s-u\s+)\S+/g;

export function redact(text: string): string {
  return text
    .replace(URL_LOGIN, `$1${HIDDEN}@`)
    .replace(QUERY, `$1${HIDDEN}`)
    .replace(USER_OPTION, `$1${HIDDEN}`)
    .replace(SECRET, `$1$2${HIDDEN}`);
}
