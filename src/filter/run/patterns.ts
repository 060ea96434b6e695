/** Patterns of filters as regular expressions. */

/** fnmatch(3) without flags: `*` passes slashes too. */
export function globPattern(glob: string, flags: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    const close = char === '[' ? glob.indexOf(']', i + 2) : -1;
    if (char === '*') source += '.*';
    else if (char === '?') source += '.';
    else if (close > 0) {
      const set = glob
        .slice(i + 1, close)
        .replace(/^!/, '^')
        .replace(/[\\[\]]/g, '\\$&');
      source += `[${set}]`;
      i = close;
    } else if (char === '\\' && i + 1 < glob.length) source += escapeRegex(glob[++i]!);
    else source += escapeRegex(char);
  }
  return new RegExp(`^${source}$`, flags);
}

function escapeRegex(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The whole value must match, as in Falco. */
export function wholePattern(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, 's');
}
