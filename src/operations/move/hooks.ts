import { runCommand } from '../../data/command.ts';
import { PartialError } from '../../errors.ts';
import { sleep, timeLimit } from '../../sleep.ts';
import type { Hooks, MoveDeps, Smoke } from './types.ts';

export type HookPoint = 'preStop' | 'postStop' | 'preStart' | 'postStart';

/** What a hook or a smoke command learns about the move, as environment variables. */
export interface HookContext {
  readonly operation: string;
  readonly operationId: string;
  readonly sourceContext: string;
  readonly sourceNamespace: string;
  readonly destContext: string;
  readonly destNamespace: string;
}

/**
 * Runs the hook of one point, if there is one. Throws PartialError when it fails and the policy is `fail`; with
 * `warn` the failure is told and the move goes on.
 */
export const runHook = async (
  hooks: Hooks,
  point: HookPoint,
  context: HookContext,
  deps: MoveDeps,
): Promise<string> => {
  const command = hooks[point];
  if (command === undefined) return '';
  const name = FLAGS[point];
  deps.reporter.action(`Running the ${name} hook`);
  const result = await runCommand(command, {
    env: environment(context, name),
    timeoutMs: hooks.timeoutMs,
    signal: deps.signal,
  });
  deps.signal.throwIfAborted();
  if (result.ok) return `${name} hook ended with 0`;
  const how = result.timedOut
    ? `took longer than ${hooks.timeoutMs / 1000} s`
    : `ended with ${result.exitCode ?? 'a signal'}`;
  const message = `The ${name} hook ${how}${result.output === '' ? '.' : `: ${lastLine(result.output)}`}`;
  if (hooks.onFailure === 'fail') throw new PartialError(message);
  deps.reporter.warning(message);
  return message;
};

/**
 * Asks the smoke gate until it answers or its attempts are used up: a URL must answer with a 2xx status, a command
 * must end with 0. Throws PartialError with the last answer.
 */
export const runSmoke = async (smoke: Smoke, context: HookContext, deps: MoveDeps): Promise<string> => {
  const checks = [
    ...(smoke.url === undefined ? [] : [() => askUrl(smoke.url ?? '', smoke.timeoutMs, deps.signal)]),
    ...(smoke.command === undefined
      ? []
      : [() => askCommand(smoke.command ?? '', smoke.timeoutMs, context, deps.signal)]),
  ];
  let attempts = 0;
  for (const check of checks) {
    for (let attempt = 1; ; attempt++) {
      attempts++;
      const problem = await check();
      deps.signal.throwIfAborted();
      if (problem === undefined) break;
      if (attempt >= smoke.attempts)
        throw new PartialError(`The smoke check failed ${attempt} times: ${problem}`);
      deps.reporter.debug(`Smoke check, attempt ${attempt}: ${problem}`);
      await sleep(smoke.intervalMs, deps.signal);
    }
  }
  return `passed after ${attempts} attempts`;
};

const FLAGS: Readonly<Record<HookPoint, string>> = {
  preStop: 'pre-stop',
  postStop: 'post-stop',
  preStart: 'pre-start',
  postStart: 'post-start',
};

const environment = (context: HookContext, point: string): Record<string, string> => ({
  DR_SYNCER_HOOK: point,
  DR_SYNCER_OPERATION: context.operation,
  DR_SYNCER_OPERATION_ID: context.operationId,
  DR_SYNCER_SOURCE_CONTEXT: context.sourceContext,
  DR_SYNCER_SOURCE_NAMESPACE: context.sourceNamespace,
  DR_SYNCER_DEST_CONTEXT: context.destContext,
  DR_SYNCER_DEST_NAMESPACE: context.destNamespace,
});

const askUrl = async (url: string, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> => {
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.any([signal, timeLimit(timeoutMs)]),
      redirect: 'follow',
    });
    await answer.body?.cancel();
    return answer.ok ? undefined : `${url} answered ${answer.status}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    return `${url} did not answer: ${error instanceof Error ? error.message : String(error)}${cause === '' ? '' : ` (${cause})`}`;
  }
};

const askCommand = async (
  command: string,
  timeoutMs: number,
  context: HookContext,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const result = await runCommand(command, { env: environment(context, 'smoke'), timeoutMs, signal });
  if (result.ok) return undefined;
  return `the command ${result.timedOut ? 'took too long' : `ended with ${result.exitCode ?? 'a signal'}`}${result.output === '' ? '' : `: ${lastLine(result.output)}`}`;
};

const lastLine = (text: string): string => text.split('\n').at(-1)?.slice(0, 300) ?? '';
