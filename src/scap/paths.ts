const UNRESOLVED = /(?:^|\/)\.|\/\/|\/$/;

/** A path as the kernel would have it: relative ones under `base`, which ends with a slash; `.`, `..` and double slashes resolved. */
export function joinPath(base: string, path: string): string {
  if (path !== '' && !UNRESOLVED.test(path)) return path.startsWith('/') ? path : base + path;
  let joined = path.startsWith('/') || path === '' ? '' : base;
  const parts = path.split('/');
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (part === '..') joined = parentOf(joined);
    else if (part !== '.') joined += part;
    if (!last && part !== '.' && part !== '..' && !joined.endsWith('/')) joined += '/';
  });
  return joined.length > 1 && joined.endsWith('/') ? joined.slice(0, -1) : joined;
}

/** Back to behind the slash before the last part. */
function parentOf(path: string): string {
  if (path.length <= 1) return path;
  return path.slice(0, path.lastIndexOf('/', path.length - 2) + 1) || '/';
}
