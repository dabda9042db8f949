import { Argument, Command, CommanderError, Option } from 'commander';
import { addControllerFlags } from './commands/controller-flags.ts';
import { addDataFlags, addPathFlag, addResumedDataFlags } from './commands/data-options.ts';
import { EXAMPLES, exampleText } from './commands/examples.ts';
import { addExportFlags } from './commands/export-options.ts';
import { addMappingFlags } from './commands/mapping-flags.ts';
import { addMoveFlags, addServingRevisions } from './commands/move-options.ts';
import {
  acceptClusterRoles,
  addCommonFlags,
  addCopyFlags,
  addNeedsFlag,
  addSideFlags,
} from './commands/options.ts';
import { duration } from './commands/parsers.ts';
import { reportError } from './commands/report-error.ts';
import { isDrError, UsageError } from './common/errors.ts';
import { EXIT_CODES, exitCode } from './common/exit-codes.ts';
import { nearest } from './common/nearest.ts';
import type { Io } from './ui/io.ts';
import { safeLines } from './ui/safe-text.ts';

/**
 * Runs one command line and returns its exit code, always a row of the exit-code table. Whatever goes wrong is
 * reported on stderr; with `--output json` or `yaml`, stdout then holds one document about the error.
 */
export const runProgram = async (
  argv: readonly string[],
  io: Io,
  interrupt: AbortSignal,
): Promise<number> => {
  let code: number = exitCode('ok');
  const program = buildProgram(io, interrupt, (value) => {
    code = value;
  });
  try {
    refuseUnknownTopic(argv);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return endOfCommander(error, argv, io);
    return reportError(interrupt.aborted && !isDrError(error) ? interrupt.reason : error, argv, io);
  }
};

/** A fresh command tree; nothing in it prints or exits by itself. */
const buildProgram = (io: Io, interrupt: AbortSignal, setCode: (code: number) => void): Command => {
  const program = new Command('dr-syncer')
    .description('Keep a Kubernetes namespace recoverable in another cluster.')
    .version(io.version, '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(safeLines(text)),
      // Reported by endOfCommander, in the form that was asked for.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns || 100,
      getErrHelpWidth: () => io.stderr.columns || 100,
    })
    .addHelpText('after', exitCodeHelp());
  const commands: Commands = { program, io, interrupt, setCode };
  // The help lists them in this order.
  addStageCommands(commands);
  addPlannedMoves(commands);
  addFailoverCommands(commands);
  addRecoveryCommands(commands);
  addPreflight(commands);
  addStatusCommands(commands);
  addController(commands);
  addExport(commands);
  for (const command of program.commands) command.addHelpText('after', exampleText(command.name()));
  return program;
};

/** Where commands are added, and what their actions need. */
interface Commands {
  readonly program: Command;
  readonly io: Io;
  readonly interrupt: AbortSignal;
  /** Takes the exit code of the command that ran. */
  setCode(code: number): void;
}

const addStageCommands = ({ program, io, interrupt, setCode }: Commands): void => {
  const stage = program
    .command('stage')
    .description('Copy a namespace to the destination cluster and keep its workloads scaled to zero');
  addNeedsFlag(addDataFlags(addCommonFlags(addCopyFlags(addPairFlags(stage)))), BRINGS)
    .option('--migrate-pvc-data', 'copy PVC data too; requires --pre-copy')
    .option('--pre-copy', 'copy data while the source runs (not consistent; shortens a later cutover)')
    .option('--dry-run', 'show what would change (server-side dry run); write nothing')
    .option('--keep-going', 'skip objects that are refused and copy the rest (exit code 4)')
    .option('--prune', 'delete objects that dr-syncer created and that are gone from the source (never PVCs)')
    .addOption(acceptLiveDestination())
    .action(async (flags) =>
      setCode(await (await import('./commands/stage-command.ts')).runStage(io, flags, interrupt)),
    );

  const plan = program.command('plan').description('Show what stage would change (server-side dry run)');
  addNeedsFlag(addCommonFlags(addCopyFlags(addPairFlags(plan))), BRINGS)
    .option('--prune', 'also show what --prune would delete')
    .option('--keep-going', 'also show what could be copied if objects are refused')
    .addOption(acceptLiveDestination())
    .action(async (flags) => {
      const { runStage } = await import('./commands/stage-command.ts');
      setCode(await runStage(io, { ...flags, dryRun: true }, interrupt));
    });
};

const acceptLiveDestination = (): Option =>
  new Option(
    '--accept-live-destination',
    'proceed even if pods of other workloads run in the destination namespace',
  );

const BRINGS =
  'create missing cluster-scoped objects that the copy needs (CRDs, ClusterRoles and their bindings, classes)';

type Decides = Parameters<typeof addMappingFlags>[1];

const addPairFlags = (command: Command, decides: Decides = 'sides and copy'): Command =>
  addMappingFlags(addSideFlags(command), decides);

const addMove = (program: Command, name: string, description: string, decides: Decides = 'sides'): Command =>
  addMoveFlags(addCommonFlags(addPairFlags(program.command(name).description(description), decides)));

const addPlannedMoves = ({ program, io, interrupt, setCode }: Commands): void => {
  addDataFlags(
    addServingRevisions(
      addCopyFlags(
        addMove(
          program,
          'cutover',
          'Move the running application to the destination: stop, copy, start',
          'sides and copy',
        ),
      ),
    ),
  )
    .option('--migrate-pvc-data', 'copy PVC data while both sides are stopped')
    .action(async (flags) =>
      setCode(await (await import('./commands/cutover-command.ts')).runCutover(io, flags, interrupt)),
    );
  addDataFlags(
    addCopyFlags(
      addMove(
        program,
        'failback',
        'Move the application back to the source and restore its replica counts',
        'sides and copy',
      ),
    ),
  )
    .option('--sync-config', 'apply to the source what was changed at the destination since the cutover')
    .option('--reverse-migrate-pvc-data', 'copy PVC data back to the source while both sides are stopped')
    .action(async (flags) =>
      setCode(await (await import('./commands/failback-command.ts')).runFailback(io, flags, interrupt)),
    );
};

const addFailoverCommands = ({ program, io, interrupt, setCode }: Commands): void => {
  addPathFlag(addMove(program, 'failover', 'Start the staged copy when the source is unavailable'))
    .option('--accept-data-loss', 'accept that what was written since the last copy may be lost')
    .option(
      '--source-given-up',
      'declare the source lost: proceed even if it answers and runs the application',
    )
    .option('--reason <text>', 'why the source is declared lost; stored in the record')
    .action(async (flags) =>
      setCode(
        await (await import('./commands/failover-command.ts')).runFailoverCommand(io, flags, interrupt),
      ),
    );
  addMove(program, 'fence', 'Stop the workloads of a source that came back after a failover').action(
    async (flags) =>
      setCode(await (await import('./commands/failover-command.ts')).runFenceCommand(io, flags, interrupt)),
  );
};

const addRecoveryCommands = ({ program, io, interrupt, setCode }: Commands): void => {
  addResumedDataFlags(addMove(program, 'resume', 'Continue an unfinished operation'))
    .addOption(acceptClusterRoles())
    .action(async (flags) =>
      setCode(await (await import('./commands/resume-command.ts')).runResume(io, flags, interrupt)),
    );
  addPathFlag(addMove(program, 'rollback', 'Undo an unfinished operation'))
    .option(
      '--destination-given-up',
      'declare the destination lost: start the source again from its own copy of the records, without proof that the destination is stopped',
    )
    .option('--reason <text>', 'why the destination is declared lost; stored in the record')
    .action(async (flags) =>
      setCode(
        await (await import('./commands/rollback-command.ts')).runRollbackCommand(io, flags, interrupt),
      ),
    );
  addMove(program, 'repair', 'Repair lost or damaged records from the other side and from what runs')
    .addOption(
      new Option('--live-side <side>', 'which side is live, if dr-syncer cannot tell').choices([
        'source',
        'destination',
      ]),
    )
    .action(async (flags) =>
      setCode(await (await import('./commands/repair-command.ts')).runRepair(io, flags, interrupt)),
    );
};

const addPreflight = ({ program, io, interrupt, setCode }: Commands): void => {
  addNeedsFlag(
    addDataFlags(
      addServingRevisions(
        addCopyFlags(
          addMove(
            program,
            'preflight',
            'Check permissions, quotas, capacity and policies before a move',
            'sides and copy',
          ),
        ),
      ),
    ),
    'also check the permissions that stage --include-cluster-needs uses',
  )
    .addArgument(
      new Argument('[move]', 'the move to check')
        .choices(['cutover', 'failback', 'failover'])
        .default('cutover'),
    )
    .option('--migrate-pvc-data', 'also check the copy of PVC data')
    .option('--sync-config', 'before a failback: also check what --sync-config would apply to the source')
    .action(async (kind, flags) =>
      setCode(
        await (await import('./commands/preflight-command.ts')).runPreflightCommand(
          io,
          kind,
          flags,
          interrupt,
        ),
      ),
    );
};

const addStatusCommands = ({ program, io, interrupt, setCode }: Commands): void => {
  addCommonFlags(
    addPairFlags(
      program.command('status').description('Show which side is active, and the next command to run'),
      'sides',
    ),
  )
    .option('-w, --watch', 'keep watching, and print a result whenever something changes')
    .addOption(
      new Option('--interval <duration>', 'polling interval').argParser(duration).default(2000, '2s'),
    )
    .action(async (flags) =>
      setCode(await (await import('./commands/status-command.ts')).runStatus(io, flags, interrupt)),
    );
  addCommonFlags(
    addPairFlags(program.command('history').description('List past operations on a namespace'), 'sides'),
  ).action(async (flags) =>
    setCode(await (await import('./commands/status-command.ts')).runHistory(io, flags, interrupt)),
  );
};

const addExport = ({ program, io, interrupt, setCode }: Commands): void => {
  const command = program
    .command('export')
    .description('Print the flags of a stage as custom resources for the controller')
    .addArgument(new Argument('<what>', 'what to print').choices(['mapping']));
  addExportFlags(addNeedsFlag(addDataFlags(addCommonFlags(addCopyFlags(addSideFlags(command)))), BRINGS))
    .addOption(acceptLiveDestination())
    .action(async (_what, flags) =>
      setCode(await (await import('./commands/export-command.ts')).runExport(io, flags, interrupt)),
    );
};

const addController = ({ program, io, interrupt, setCode }: Commands): void => {
  addControllerFlags(
    program.command('controller').description('Keep many namespaces recoverable, by custom resources'),
  ).action(async (flags) =>
    setCode(
      await (await import('./commands/controller-command.ts')).runControllerCommand(io, flags, interrupt),
    ),
  );
};

const exitCodeHelp = (): string =>
  `\nExit codes:\n${Object.values(EXIT_CODES)
    .map((row) => `  ${String(row.code).padStart(3)}  ${row.meaning}`)
    .join('\n')}`;

// Commander answers `help` of a command that is not there with the help of them all.
const refuseUnknownTopic = ([first, topic]: readonly string[]): void => {
  if (first !== 'help' || topic === undefined || topic.startsWith('-')) return;
  const commands = [...Object.keys(EXAMPLES), 'help'];
  if (commands.includes(topic)) return;
  const near = nearest(topic, commands);
  throw new UsageError(`Unknown command '${topic}'.${near === undefined ? '' : ` Did you mean ${near}?`}`, {
    hint: 'See the commands with: dr-syncer --help',
  });
};

// Help and version have been printed already. What is wrong with the command line is reported as any other error is.
const endOfCommander = async (error: CommanderError, argv: readonly string[], io: Io): Promise<number> => {
  if (error.exitCode === 0) return exitCode('ok');
  const name = argv.find((word) => Object.hasOwn(EXAMPLES, word));
  const hint = `See the flags with: dr-syncer ${name === undefined ? '' : `${name} `}--help`;
  return reportError(new UsageError(sentenceOf(error), { hint }), argv, io);
};

const sentenceOf = ({ code, message }: CommanderError): string => {
  if (code === 'commander.help') return 'No command given.';
  const [text = '', ...more] = message.replace(/^error: /, '').split('\n');
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`.replace(/[^.?]$/, '$&.');
  return [first, ...more.map((line) => line.replace(/^\((.*)\)$/, '$1'))].join(' ');
};
