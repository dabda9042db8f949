/** npm test: everything that must hold before a change is done. Arguments go to vitest, such as a file name. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const scratch = mkdtempSync(join(tmpdir(), 'dr-syncer-test-'));
const report = join(scratch, 'report.json');

const STEPS: readonly (readonly [string, ...string[]])[] = [
  ['tsc', '--noEmit'],
  ['biome', 'check', '.'],
  ['knip'],
  ...(existsSync(join(ROOT, 'scripts', 'build.ts')) ? [['node', join('scripts', 'build.ts')] as const] : []),
  [
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
];

process.exitCode = runAll();
rmSync(scratch, { recursive: true, force: true });

function runAll(): number {
  for (const [tool, ...args] of STEPS) {
    process.stdout.write(`\n== ${tool} ${args[0] ?? ''} ==\n`);
    const code = runTool(tool, args);
    if (tool === 'vitest') {
      printCounts();
    }
    if (code !== 0) {
      process.stderr.write(`\n"${tool} ${args.join(' ')}" failed with exit code ${code}.\n`);
      return code;
    }
  }
  return 0;
}

function runTool(tool: string, args: readonly string[]): number {
  // The tools start with "env node", which must find the Node of devDependencies first.
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` };
  const { status, error } = spawnSync(join(BIN, tool), args, { cwd: ROOT, stdio: 'inherit', env });
  if (error) {
    process.stderr.write(`${error.message}\n`);
  }
  return status ?? 1;
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
