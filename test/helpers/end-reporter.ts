/**
 * Says at the end which tests were skipped, and why: a suite whose tests are all skipped is one line. Then which failed, once more: of a
 * long log often the end alone is kept.
 */
import type { Reporter, SerializedError, TestModule, TestSuite } from 'vitest/node';

type Parent = TestModule | TestSuite;

/** Why: the note that a test gave; else its name or its suite's has the reason in brackets. */
function* skippedIn(parent: Parent): Generator<{ name: string; count: number }> {
  const tests = [...parent.children.allTests()];
  const skipped = tests.filter((one) => one.result().state === 'skipped');
  if (skipped.length === 0) return;
  if (parent.type === 'suite' && skipped.length === tests.length) {
    yield { name: parent.fullName, count: skipped.length };
    return;
  }
  for (const child of parent.children) {
    if (child.type === 'suite') yield* skippedIn(child);
    else if (child.result().state === 'skipped') {
      const result = child.result();
      const note = result.state === 'skipped' && result.note !== undefined ? ` (${result.note})` : '';
      yield { name: `${child.fullName}${note}`, count: 1 };
    }
  }
}

/** So much of what a failure says. */
const SAID = 2_000;

function* failuresIn(module: TestModule): Generator<string> {
  for (const error of module.errors()) yield `${module.relativeModuleId}: ${saidBy(error)}`;
  for (const one of module.children.allTests('failed'))
    for (const error of one.result().errors ?? []) yield `${module.relativeModuleId}: ${one.fullName}: ${saidBy(error)}`;
}

function saidBy({ message, diff, stacks }: SerializedError): string {
  const at = stacks?.[0];
  const where = at === undefined ? '' : ` (${at.file}:${at.line})`;
  return `${message}${where}${diff === undefined ? '' : `\n${diff}`}`.slice(0, SAID);
}

export default class EndReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    this.#tellSkipped(modules);
    const failures = modules.flatMap((module) => [...failuresIn(module)]);
    if (failures.length > 0) console.log(`\nFailed (${failures.length}):`);
    for (const text of failures) console.log(`  ${text}`);
  }

  #tellSkipped(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...skippedIn(module)].map(({ name, count }) => ({ count, text: `  ${module.relativeModuleId}: ${name}` })),
    );
    if (lines.length === 0) return;
    const total = lines.reduce((sum, { count }) => sum + count, 0);
    console.log(`\nSkipped, with the reason (${total}):`);
    for (const { text, count } of lines) console.log(count === 1 ? text : `${text}: ${count} tests`);
  }
}
