/** A terminal for a small thing to be seen and pressed before there is a session: a choice, a wait. Ink is loaded with this file, and only with it. */
import { type Instance, render } from 'ink';
import type { Frame } from './frame/view.ts';
import { INK_OPTIONS } from './kit/ink-options.ts';
import { type Size, Terminal } from './kit/terminal.ts';
import { Lines } from './screen.tsx';

export interface Play {
  /** What is seen now. */
  frame(size: Size): Frame;
  press(key: string): void;
  /** A signal asks it to end, with the exit code that says so. */
  ended(code: number): void;
}

export class Stage {
  readonly #play: Play;
  readonly #terminal: Terminal;
  readonly #ink: Instance;

  constructor(play: Play) {
    this.#play = play;
    this.#terminal = new Terminal({
      keys: (keys) => {
        for (const key of keys) if (key.kind === 'key') play.press(key.key);
        this.draw();
      },
      ended: (code) => play.ended(code),
      stopped: () => {},
    });
    this.#terminal.open();
    process.stdout.on('resize', this.draw);
    this.#ink = render(this.#lines(), INK_OPTIONS);
  }

  readonly draw = (): void => this.#ink.rerender(this.#lines());

  close(): void {
    process.stdout.off('resize', this.draw);
    this.#ink.unmount();
    this.#terminal.close();
  }

  #lines() {
    return <Lines frame={this.#play.frame(this.#terminal.size)} />;
  }
}
