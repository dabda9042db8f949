import { expect, test } from 'vitest';
import { runCommand } from '../../src/volumes/run-command.ts';

const run = (command: string, timeoutMs = 10_000, signal = new AbortController().signal) =>
  runCommand(command, { env: { WORD: 'hello' }, timeoutMs, signal });

test('a command gets the environment, and its output and exit code come back', async () => {
  expect(await run('echo "$WORD"; echo there >&2; exit 3')).toEqual({
    ok: false,
    exitCode: 3,
    timedOut: false,
    output: 'hello\nthere',
  });
  expect(await run('true')).toMatchObject({ ok: true, exitCode: 0 });
});

test('a command that takes too long ends with everything that it has started', async () => {
  const started = performance.now();
  expect(await run('sleep 41.5 & sleep 41.5; echo never', 200)).toMatchObject({ ok: false, timedOut: true });
  expect(performance.now() - started).toBeLessThan(20_000);
  expect((await run('ps -eo args | grep -c "^sleep 41\\.5"')).output).toBe('0');
});

test('a command ends when the signal aborts', async () => {
  const stop = new AbortController();
  const running = run('sleep 30', 60_000, stop.signal);
  stop.abort();
  expect(await running).toMatchObject({ ok: false, timedOut: false });
});

test('a command may print as much as it likes: only the end is kept', async () => {
  const loud = await run("head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; echo the end");
  expect(loud).toMatchObject({ ok: true, exitCode: 0, timedOut: false });
  expect(loud.output).toMatch(/^x+\nthe end$/);
  expect(loud.output.length).toBeLessThanOrEqual(2000);
});

test('a command that will not listen is killed, and so is what it has started', async () => {
  const deaf = "trap '' TERM; sleep 42.5 & wait; sleep 42.5";
  const started = performance.now();
  expect(await run(deaf, 300)).toMatchObject({ ok: false, timedOut: true });
  expect(performance.now() - started).toBeLessThan(20_000);
  expect((await run('ps -eo args | grep -c "^sleep 42\\.5"')).output).toBe('0');
}, 30_000);

test('the limit of a command may be a fraction of a millisecond', async () => {
  expect(await run('sleep 30', 100.5)).toMatchObject({ ok: false, timedOut: true });
});
