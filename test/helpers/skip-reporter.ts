/** Says at the end which tests were skipped, and why: a suite whose tests are all skipped is one line. */
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

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

export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...skippedIn(module)].map(({ name, count }) => ({ count, text: `  ${module.relativeModuleId}: ${name}` })),
    );
    if (lines.length === 0) return;
    const total = lines.reduce((sum, { count }) => sum + count, 0);
    console.log(`\nSkipped, with the reason (${total}):`);
    for (const { text, count } of lines) console.log(count === 1 ? text : `${text}: ${count} tests`);
  }
}
