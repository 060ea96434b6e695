/** `trowel completion SHELL`: a script that asks `trowel complete` what may stand at the cursor. */
import { existsSync } from 'node:fs';
import { CaptureError } from '../capture/error.ts';
import { usageOf } from '../capture/usage.ts';
import { complete as completeFilter, type ValuesOf } from '../filter/complete.ts';
import { occurringValues } from '../filter/occurring.ts';
import { Sink } from '../output/sink.ts';
import { CaptureReader } from '../store/reader.ts';
import { contextOf } from './capture-context.ts';
import { UsageError } from './exit.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `# trowel completion bash >> ~/.bashrc
_trowel() {
  local IFS=$'\\n'
  COMPREPLY=($(trowel complete "\${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null))
  [[ \${COMPREPLY[0]} == *.* && \${COMPREPLY[0]} != *=* ]] && compopt -o nospace # an operator follows
}
complete -o default -F _trowel trowel`,
  zsh: `# trowel completion zsh >> ~/.zshrc
_trowel() {
  local -a found
  found=("\${(@f)$(trowel complete "\${BUFFER[1,CURSOR]}" "$PREFIX" 2>/dev/null)}")
  [[ -n "$found[1]" ]] && compadd -U -Q -S '' -- $found || _files
}
compdef _trowel trowel`,
  fish: `# trowel completion fish > ~/.config/fish/completions/trowel.fish
complete -c trowel -a '(trowel complete (commandline -cp | string collect) (commandline -ct | string collect) 2>/dev/null)'`,
};

export function completion(shell: string): void {
  const script = SCRIPTS[shell];
  if (script === undefined) throw new UsageError(`there are completions for ${Object.keys(SCRIPTS).join(', ')}, not for ${shell}`);
  const out = new Sink();
  out.write(`${script}\n`);
  out.flush();
}

/** A command, as far as completion needs to know it. */
export interface Completable {
  readonly name: string;
  readonly options: readonly string[];
  /** It takes a file, and behind it a filter. */
  readonly file: boolean;
  /** It takes a filter at once. */
  readonly filter: boolean;
}

/**
 * What may stand in the place of the shell's current word. `line`: up to the cursor; `word`: what of it the shell replaces.
 * Nothing: let the shell complete files.
 */
export function candidates(line: string, word: string, commands: readonly Completable[]): string[] {
  const words = wordsOf(line);
  const typed = words.at(-1) ?? '';
  if (words.length <= 2) return commands.map(({ name }) => name).filter((name) => name.startsWith(typed));
  const command = commands.find(({ name }) => name === words[1]);
  if (command === undefined) return [];
  if (typed.startsWith('-')) return command.options.filter((option) => option.startsWith(typed));
  const rest = words.slice(2).filter((one) => !one.startsWith('-'));
  const file = command.file ? rest.find((one) => existsSync(one)) : undefined;
  if (command.file ? file === undefined || rest.at(-1) === file : !command.filter) return [];
  const filter = rest.slice(file === undefined ? 0 : rest.indexOf(file) + 1).join(' ');
  return filterWords(filter, word, file);
}

/** Completions of a filter that ends at the cursor, as replacements of the shell's word. */
function filterWords(filter: string, word: string, file: string | undefined): string[] {
  const { span, candidates: found } = completeFilter(filter, filter.length, file === undefined ? undefined : valuesIn(file));
  const replacedPart = filter.slice(span.start);
  const before = word.endsWith(replacedPart) ? word.slice(0, word.length - replacedPart.length) : '';
  return found.filter(({ text }) => text.startsWith(replacedPart)).map(({ text }) => before + text);
}

function valuesIn(file: string): ValuesOf {
  return (field) => {
    try {
      const capture = new CaptureReader(file);
      const values = occurringValues(field, contextOf(capture), usageOf(capture));
      capture.close();
      return values;
    } catch (error) {
      if (error instanceof CaptureError) return [];
      throw error;
    }
  };
}

/** The words of a command line as a shell sees them, the last one being what the cursor stands in; an open quote is closed. */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!;
    else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  return [...words, word ?? ''];
}
