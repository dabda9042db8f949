/** npm test: everything that must hold before a change is done. Arguments go to vitest, such as a file name. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const scratch = mkdtempSync(join(tmpdir(), 'dr-syncer-test-'));
const report = join(scratch, 'report.json');

type Command = readonly [tool: string, ...args: string[]];

interface Ended {
  readonly command: Command;
  readonly code: number;
  /** What it printed, unless that was shown as it came. */
  readonly output: string;
}

// All at the same time: none needs what another one makes. The tests need the build.
const BEFORE: readonly Command[] = [
  ['tsc', '--noEmit'],
  ['biome', 'check', '.'],
  ['knip'],
  ['node', join('scripts', 'build.ts')],
];
const TESTS: Command = [
  'vitest',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
];

process.exitCode = await runAll();
rmSync(scratch, { recursive: true, force: true });

async function runAll(): Promise<number> {
  const ended = await Promise.all(BEFORE.map((command) => run(command, 'kept')));
  for (const { command, output } of ended) process.stdout.write(`${headline(command)}${output}`);
  // A mistake that is known after some seconds need not wait for the tests to be told.
  if (ended.every(({ code }) => code === 0)) {
    ended.push(await run(TESTS, 'shown'));
    printCounts();
  }
  const failed = ended.filter(({ code }) => code !== 0);
  for (const { command, code } of failed)
    process.stderr.write(`\n"${command.join(' ')}" failed with exit code ${code}.\n`);
  return failed[0]?.code ?? 0;
}

function run(command: Command, output: 'shown' | 'kept'): Promise<Ended> {
  if (output === 'shown') process.stdout.write(headline(command));
  const [tool, ...args] = command;
  // The tools start with "env node", which must find the Node of devDependencies first.
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(join(BIN, tool), args, {
    cwd: ROOT,
    env,
    stdio: output === 'shown' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => (printed += text));
  return new Promise((resolve) => {
    child.once('error', ({ message }) => resolve({ command, code: 1, output: `${printed}${message}\n` }));
    child.once('close', (code) => resolve({ command, code: code ?? 1, output: printed }));
  });
}

function headline([tool, ...args]: Command): string {
  return `\n== ${tool} ${args[0] ?? ''} ==\n`;
}

interface FileReport {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
}

// What is slow, and a plain last line that scripts and continuous integration can read.
function printCounts(): void {
  if (!existsSync(report)) return;
  const { testResults, numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const files = (testResults as FileReport[])
    .map(({ name, startTime, endTime }) => ({
      name: relative(ROOT, name),
      seconds: (endTime - startTime) / 1000,
    }))
    .sort((a, b) => b.seconds - a.seconds);
  const all = files.reduce((sum, { seconds }) => sum + seconds, 0);
  process.stdout.write(`\n${files.length} files took ${all.toFixed(0)} s, the slowest of them:\n`);
  for (const { name, seconds } of files.slice(0, 20))
    process.stdout.write(`${seconds.toFixed(0).padStart(5)} s  ${name}\n`);
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
}
