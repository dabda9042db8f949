import { type Command, Option } from 'commander';
import type { GivenMoveOptions } from '../moves/journal-options.ts';
import { CHECK_IDS } from '../preflight/check-ids.ts';
import type { MoveOptions } from '../sides/side-types.ts';
import type { CommonFlags, CopyFlags, SideFlags } from './options.ts';
import { duration, httpUrl, namesOf, oneOf, wholeNumber } from './parsers.ts';

const JOBS = ['wait', 'fail', 'suspend', 'leave'] as const;
const HOOK_FAILURE = ['fail', 'warn'] as const;

/** Flags of everything that stops and starts workloads. */
export interface MoveFlags extends CommonFlags, SideFlags, CopyFlags {
  readonly dryRun?: boolean;
  readonly waitTimeout: number;
  readonly hold: number;
  readonly jobs: (typeof JOBS)[number];
  readonly ignoreBarePods?: boolean;
  readonly ignoreRevisions?: boolean;
  readonly servingRevisions?: boolean;
  readonly pauseGitops?: boolean;
  readonly ignoreGitops?: boolean;
  readonly forceDeletePods?: boolean;
  readonly rollbackOnFailure?: boolean;
  readonly takeOver?: boolean;
  /** ms */
  readonly maxStageAge?: number;
  /** Ids of preflight checks, or `all`. */
  readonly ignorePreflight?: readonly string[];
  readonly preStop?: string;
  readonly postStop?: string;
  readonly preStart?: string;
  readonly postStart?: string;
  readonly hookTimeout: number;
  readonly hookFailure: (typeof HOOK_FAILURE)[number];
  readonly smokeUrl?: string;
  readonly smokeCommand?: string;
  readonly smokeAttempts: number;
  readonly smokeInterval: number;
  readonly smokeTimeout: number;
}

export const addMoveFlags = (command: Command): Command =>
  command
    .option('--dry-run', 'show every step and request; write nothing')
    .addOption(
      ms(
        '--wait-timeout <duration>',
        'maximum wait for pods to terminate and for each wave to become ready',
        '5m',
      ),
    )
    .addOption(
      ms('--hold <duration>', 'how long the stopped side must stay empty before the other side starts', '1s'),
    )
    .addOption(
      new Option(
        '--jobs <choice>',
        `what to do about running Jobs: ${JOBS.join(', ')}; a failover starts Jobs only with suspend`,
      )
        .argParser(oneOf(JOBS))
        .default('fail'),
    )
    .option('--ignore-bare-pods', 'proceed even if pods without an owner run (they are not stopped)')
    .option(
      '--ignore-revisions',
      'proceed even if pods of an older revision run (the move starts the current template)',
    )
    .option('--pause-gitops', 'pause the Argo CD and Flux owners of what is stopped')
    .option('--ignore-gitops', 'proceed even if Argo CD or Flux owns what is stopped')
    .option('--force-delete-pods', 'force-delete pods that do not terminate (their node may still run them)')
    .option('--rollback-on-failure', 'roll back if a step fails (exit code 5)')
    .option('--take-over', "take another operator's lock once it has expired")
    .addOption(
      new Option('--max-stage-age <duration>', 'refuse if the last stage is older').argParser(duration),
    )
    .option(
      '--ignore-preflight <ids>',
      'proceed even if these preflight checks refuse (check ids, or all)',
      namesOf('preflight check', ['all', ...CHECK_IDS]),
    )
    .option('--pre-stop <command>', 'command to run before anything is stopped')
    .option('--post-stop <command>', 'command to run once no pods are left on the stopped side')
    .option('--pre-start <command>', 'command to run before anything is started')
    .option('--post-start <command>', 'command to run once the started side is ready')
    .addOption(ms('--hook-timeout <duration>', 'maximum duration of one hook', '1m'))
    .addOption(
      new Option('--hook-failure <choice>', `what to do if a hook fails: ${HOOK_FAILURE.join(', ')}`)
        .argParser(oneOf(HOOK_FAILURE))
        .default('fail'),
    )
    .option('--smoke-url <url>', 'URL that must return 2xx before the move is done', httpUrl)
    .option('--smoke-command <command>', 'command that must exit with 0 before the move is done')
    .addOption(
      new Option('--smoke-attempts <n>', 'maximum attempts of the smoke check')
        .argParser(wholeNumber(1, 1000))
        .default(10),
    )
    .addOption(ms('--smoke-interval <duration>', 'wait between attempts', '3s'))
    .addOption(ms('--smoke-timeout <duration>', 'maximum duration of one attempt', '10s'));

/** The flag of what stages on its way to another side. */
export const addServingRevisions = (command: Command): Command =>
  command.option(
    '--serving-revisions',
    'at the destination, start the older revision that still serves, not the newer template',
  );

/** The flags as the move operations take them. */
export const moveOptions = (flags: MoveFlags): MoveOptions => ({
  dryRun: flags.dryRun === true,
  waitTimeoutMs: flags.waitTimeout,
  holdMs: flags.hold,
  concurrency: flags.concurrency,
  jobs: flags.jobs,
  ignoreBarePods: flags.ignoreBarePods === true,
  ignoreRevisions: flags.ignoreRevisions === true,
  servingRevisions: flags.servingRevisions === true,
  pauseGitops: flags.pauseGitops === true,
  ignoreGitops: flags.ignoreGitops === true,
  forceDeletePods: flags.forceDeletePods === true,
  rollbackOnFailure: flags.rollbackOnFailure === true,
  hooks: {
    preStop: flags.preStop,
    postStop: flags.postStop,
    preStart: flags.preStart,
    postStart: flags.postStart,
    timeoutMs: flags.hookTimeout,
    onFailure: flags.hookFailure,
  },
  smoke: {
    url: flags.smokeUrl,
    command: flags.smokeCommand,
    attempts: flags.smokeAttempts,
    intervalMs: flags.smokeInterval,
    timeoutMs: flags.smokeTimeout,
  },
});

/** Those of the options that were typed; what was not typed is left as an earlier run had it. */
export const givenMoveOptions = (flags: MoveFlags): GivenMoveOptions => {
  const options = moveOptions(flags);
  const typed = flags.given ?? new Set<string>();
  const only = <T extends object>(values: T, names: Readonly<Record<keyof T, string>>): Partial<T> =>
    Object.fromEntries(
      Object.entries(values).filter(([key]) => typed.has(names[key as keyof T])),
    ) as Partial<T>;
  const { hooks, smoke, ...plain } = options;
  return {
    ...only(plain, PLAIN_FLAGS),
    hooks: only(hooks, HOOK_FLAGS),
    smoke: only(smoke, SMOKE_FLAGS),
  };
};

const PLAIN_FLAGS = {
  dryRun: 'dryRun',
  waitTimeoutMs: 'waitTimeout',
  holdMs: 'hold',
  concurrency: 'concurrency',
  jobs: 'jobs',
  ignoreBarePods: 'ignoreBarePods',
  ignoreRevisions: 'ignoreRevisions',
  servingRevisions: 'servingRevisions',
  pauseGitops: 'pauseGitops',
  ignoreGitops: 'ignoreGitops',
  forceDeletePods: 'forceDeletePods',
  rollbackOnFailure: 'rollbackOnFailure',
} as const;
const HOOK_FLAGS = {
  preStop: 'preStop',
  postStop: 'postStop',
  preStart: 'preStart',
  postStart: 'postStart',
  timeoutMs: 'hookTimeout',
  onFailure: 'hookFailure',
} as const;
const SMOKE_FLAGS = {
  url: 'smokeUrl',
  command: 'smokeCommand',
  attempts: 'smokeAttempts',
  intervalMs: 'smokeInterval',
  timeoutMs: 'smokeTimeout',
} as const;

const ms = (flags: string, text: string, preset: string): Option =>
  new Option(flags, text).argParser(duration).default(duration(preset), preset);
