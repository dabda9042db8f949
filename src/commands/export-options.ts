import { type Command, Option } from 'commander';
import { oneOf } from './parsers.ts';

const MODES = ['scheduled', 'continuous', 'manual'] as const;

/** The flags of `export mapping` besides those of a stage that a mapping can say. */
export const addExportFlags = (command: Command): Command =>
  command
    .option('--mapping-name <name>', 'name of the NamespaceMapping (default: the source namespace)')
    .option('--mapping-namespace <name>', 'namespace of the objects', 'dr-syncer-system')
    .addOption(
      new Option('--mode <mode>', `when the controller copies: ${MODES.join(', ')}`)
        .argParser(oneOf(MODES))
        .default('scheduled'),
    )
    .option('--schedule <cron>', 'when to copy in the mode scheduled, such as "*/15 * * * *"')
    .option('--migrate-pvc-data', 'copy PVC data too; requires --pre-copy')
    .option('--pre-copy', 'copy data while the source runs (not consistent; shortens a later cutover)')
    .option('--keep-going', 'skip objects that are refused and copy the rest')
    .option(
      '--prune',
      'delete objects that dr-syncer created and that are gone from the source (never PVCs)',
    );
