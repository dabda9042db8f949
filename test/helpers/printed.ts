import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Json } from '../cluster/client.ts';
import type { CliRun } from '../cluster/run-cli.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs lines that dr-syncer has printed, word for word, as a person who types them into a shell does. */
export interface Shell {
  /** Runs one line; the confirmation is answered, and waits are short. */
  type(line: string): Promise<CliRun>;
  close(): void;
}

/** Opens such a shell: `dr-syncer` is on its PATH, and it has no terminal. `program` is the file to run. */
export const openShell = (program = join(ROOT, 'src', 'cli.ts')): Shell => {
  const directory = mkdtempSync(join(tmpdir(), 'dr-syncer-shell-'));
  const file = join(directory, 'dr-syncer');
  const node = join(ROOT, 'node_modules', '.bin', 'node');
  // --yes is the answer to the question that a person would get.
  writeFileSync(
    file,
    `#!/bin/sh
case "$1" in
  status|history) exec ${node} ${program} "$@" -o json ;;
  stage|plan|preflight) exec ${node} ${program} "$@" --yes -o json ;;
  *) exec ${node} ${program} "$@" --yes -o json --hold 300ms --wait-timeout 60s ;;
esac
`,
  );
  chmodSync(file, 0o755);
  return {
    type: (line) => run(line.replace(/ --watch$/, ''), directory),
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
};

/** Types a line that was printed into this shell, asserts how it ends, and gives its document. */
export const typedIn =
  (shell: Shell) =>
  async (code: number, line: string | undefined): Promise<Json> => {
    expect(line).toMatch(/^dr-syncer /);
    const { exitCode, stdout, stderr } = await shell.type(line ?? '');
    expect(exitCode, `${line}\n${stdout}\n${stderr}`).toBe(code);
    return JSON.parse(stdout);
  };

/** The dr-syncer commands that a text names: whole lines, from the program's name to the end or to three blanks. */
export const commandsIn = (text: string | undefined): string[] =>
  (text ?? '')
    .split(/\s{3,}or\s{3,}|\s{3,}|\n/)
    .flatMap(
      (part) =>
        /dr-syncer (?:stage|cutover|failback|failover|fence|resume|rollback|repair|status) -.*$/.exec(
          part,
        )?.[0] ?? [],
    )
    .map((line) => line.replace(/[.;]$/, ''));

const run = (line: string, directory: string): Promise<CliRun> =>
  new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', line], {
      env: { ...process.env, PATH: `${directory}:${process.env['PATH']}`, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        text[stream] += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, ...text }));
  });
