import { count } from '../../common/sentences.ts';
import type { HistoryEntry } from '../../state/record-types.ts';
import { ageText } from '../../state/time-text.ts';
import type { StatusResult, StatusSide } from '../../status/status-types.ts';
import { tableLines } from '../table.ts';
import type { Theme } from '../theme.ts';

/** Where the application lives, for people: one sentence, the two sides, ages, and what to type next. */
export const renderStatus = (result: StatusResult, theme: Theme): string => {
  const paint = result.exitCode === 0 ? theme.success : theme.failure;
  const sides = [sideRow('source', result.source), sideRow('destination', result.dest)].flatMap((row) =>
    row === undefined ? [] : [row],
  );
  // Without the destination's record, that nothing is known does not mean that nothing happened.
  const none = result.dest.epoch === undefined && result.dest.problem !== undefined ? 'unknown' : 'never';
  // The first line has told it.
  const problems = result.problems.filter((text) => text !== result.summary);
  return [
    paint(result.summary),
    '',
    ...tableLines([['SIDE', 'CONTEXT', 'NAMESPACE', 'PHASE', 'EPOCH', 'PODS'], ...sides]),
    '',
    ...tableLines([
      sinceRow(result),
      [
        'last stage',
        result.lastStage?.at ?? none,
        result.lastStage === undefined
          ? ''
          : `${ago(result.lastStage.ageSeconds)}, ${count(result.lastStage.objects, 'object')}`,
      ],
      [
        'last data copy',
        result.lastDataCopy?.at ?? none,
        result.lastDataCopy === undefined
          ? ''
          : `${ago(result.lastDataCopy.ageSeconds)}, ${count(result.lastDataCopy.claims, 'PVC')}, ${result.lastDataCopy.verified} verified`,
      ],
      ...(result.managedBy === undefined ? [] : [managerRow(result.managedBy)]),
      ...(result.mixedData === undefined
        ? []
        : [
            [
              'not consistent',
              result.mixedData.since,
              `volumes at the ${result.mixedData.side === 'dest' ? 'destination' : 'source'} were written to since by ${result.mixedData.by}`,
            ],
          ]),
      ...(result.pendingFence === undefined
        ? []
        : [['pending fence', result.pendingFence.since, result.pendingFence.reason]]),
      ...(result.operation === undefined
        ? []
        : [
            [
              'operation',
              result.operation.id,
              `${result.operation.kind}, ${result.operation.running ? `running (${result.operation.holder})` : 'not running'}`,
            ],
          ]),
    ]),
    ...(problems.length === 0 ? [] : ['', ...problems.map((text) => theme.failure(`! ${text}`))]),
    ...(result.unknown === undefined ? [] : ['', `Unknown: ${result.unknown}`]),
    ...(result.decide === undefined ? [] : ['', `To do: ${result.decide}`]),
    ...nextLines(result, theme),
    '',
  ].join('\n');
};

const ago = (seconds: number): string => `${ageText(seconds * 1000)} ago`;

// A record that has seen no move yet is as old as its first stage: since when the source runs, it does not know.
const sinceRow = ({ live, since, by, source, dest }: StatusResult): string[] => {
  const row = (name: string): string[] => [name, since ?? '-', by === undefined ? '' : `by ${by}`];
  if (live === 'moving') return row('moving since');
  const epoch = dest.epoch ?? source?.epoch ?? 0;
  return epoch === 0 ? ['live since', '-', 'before the first move'] : row('live since');
};

const managerRow = (managedBy: string): string[] => {
  const [mapping = '', cluster] = managedBy.split('@');
  return ['kept by', mapping, cluster === undefined ? '' : `in the cluster with UID ${cluster}`];
};

const nextLines = ({ ways }: StatusResult, theme: Theme): string[] =>
  ways.length === 0
    ? []
    : ['', 'Next:', ...ways.map(({ when, command }) => `  ${when}:\n    ${theme.strong(command)}`)];

/** The audit records, the latest last. */
export const renderHistory = (entries: readonly HistoryEntry[]): string =>
  entries.length === 0 ? 'No operations recorded.\n' : historyTable(entries);

const historyTable = (entries: readonly HistoryEntry[]): string =>
  `${tableLines(
    [
      ['WHEN', 'KIND', 'RESULT', 'SECONDS', 'RTO', 'RPO', 'WHO', 'OPERATION', 'COMMAND'],
      ...entries.map((entry) => [
        entry.when,
        entry.kind,
        entry.result,
        entry.seconds.toFixed(1),
        entry.rtoSeconds === undefined ? '-' : `${entry.rtoSeconds} s`,
        entry.rpoSeconds === undefined ? '-' : `${entry.rpoSeconds} s`,
        entry.who,
        entry.operationId,
        entry.command,
      ]),
    ],
    ['left', 'left', 'left', 'right', 'right', 'right'],
  ).join('\n')}\n`;

const sideRow = (name: string, side: StatusSide | undefined): string[] | undefined => {
  if (side === undefined) return undefined;
  const pods = side.pods === undefined ? '?' : String(side.pods.reduce((sum, item) => sum + item.pods, 0));
  return [
    name,
    side.context,
    side.namespace,
    side.answers ? (side.phase ?? '-') : 'no answer',
    String(side.epoch ?? '-'),
    pods,
  ];
};
