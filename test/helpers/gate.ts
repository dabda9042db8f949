import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A hook, or anything else that waits for a file, which goes on when the test says so. */
export interface Gate {
  /** A shell command that ends when the gate is open, or after two minutes. */
  readonly command: string;
  /** The file that opens it by being there. */
  readonly file: string;
  open(): void;
}

/** Makes a closed gate for a test. */
export const makeGate = (): Gate => {
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-gate-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'open');
  return {
    command: `for i in $(seq 1200); do [ -e ${file} ] && exit 0; sleep 0.1; done; exit 1`,
    file,
    open: () => writeFileSync(file, ''),
  };
};
