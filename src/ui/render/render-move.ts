import type { MoveResult, StepReport } from '../../moves/move-result.ts';
import { tableLines } from '../table.ts';
import type { Theme } from '../theme.ts';
import { preflightLines } from './render-preflight.ts';
import { claimLines } from './render-pvcs.ts';

const MOST_PLAN_LINES = 200;

/**
 * The result of a move for people: its steps with their times, then one sentence and what to type next. `isTold`: its
 * warnings stand above it on the same terminal.
 */
export const renderMove = (result: MoveResult, theme: Theme, { isTold = false } = {}): string => {
  const source =
    result.source === undefined ? '(source not used)' : `${result.source.context}/${result.source.namespace}`;
  const dest = `${result.dest.context}/${result.dest.namespace}`;
  const paint = result.exitCode === 0 ? theme.success : theme.failure;
  const times = [
    ...(result.seconds === 0 ? [] : [`${result.seconds} s`]),
    ...(result.rtoSeconds === undefined
      ? []
      : [
          `${result.kind === 'failover' ? 'at most ' : ''}${result.rtoSeconds} s without a running application`,
        ]),
  ];
  return [
    `${theme.strong(result.kind)} ${theme.strong(source)} ${ARROWS[result.kind]} ${theme.strong(dest)}${result.dryRun ? ' (dry run)' : ''}${result.operationId === '' ? '' : `  ${theme.dim(result.operationId)}`}`,
    '',
    ...(result.dryRun ? planLines(result.steps, theme) : stepLines(result.steps)),
    ...(result.claims === undefined ? [] : ['', ...claimLines(result.claims, { isTold })]),
    ...(result.warnings.length === 0 || isTold
      ? []
      : ['', theme.warning('Warnings:'), ...result.warnings.map((text) => `  ${text}`)]),
    ...preflightPart(result, theme),
    '',
    `${paint(result.summary)}${times.length === 0 ? '' : ` (${times.join(', ')})`}`,
    ...(result.hint === undefined ? [] : [`  ${result.hint}`]),
    '',
  ].join('\n');
};

// A move that went through has told its warnings already; a plan and a refusal show what the checks found.
const preflightPart = ({ preflight, dryRun, exitCode, steps }: MoveResult, theme: Theme): string[] =>
  preflight === undefined || !(dryRun || (exitCode !== 0 && steps.length === 0))
    ? []
    : preflightLines(preflight, theme);

const ARROWS: Readonly<Record<MoveResult['kind'], string>> = {
  cutover: '->',
  failback: '<-',
  failover: '=>',
  fence: '|',
  rollback: '<-',
};

const stepLines = (steps: readonly StepReport[]): string[] =>
  tableLines(
    steps
      .filter((step) => step.state !== 'skipped')
      .map((step) => [MARKS[step.state], step.title, step.seconds.toFixed(2), step.detail]),
    ['left', 'left', 'right', 'left'],
  );

const MARKS: Readonly<Record<StepReport['state'], string>> = {
  done: 'done',
  earlier: 'before',
  skipped: 'skipped',
  failed: 'FAILED',
  planned: 'plan',
};

const planLines = (steps: readonly StepReport[], theme: Theme): string[] =>
  steps.flatMap((step) => {
    if (step.state === 'skipped') return [theme.dim(`- ${step.title} (skipped: ${step.detail})`)];
    if (step.state === 'failed') return [theme.failure(`✗ ${step.title}: ${step.detail}`)];
    const lines = step.plan ?? [];
    const more = lines.length - MOST_PLAN_LINES;
    return [
      `- ${step.title}`,
      ...lines.slice(0, MOST_PLAN_LINES).map((line) => `    ${line}`),
      ...(more > 0 ? [`    … ${more} more (see --output json)`] : []),
    ];
  });
