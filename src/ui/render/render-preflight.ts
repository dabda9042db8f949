import type { Finding } from '../../needs/findings.ts';
import type { PreflightResult } from '../../needs/preflight-result.ts';
import type { Theme } from '../theme.ts';

/** The result of `preflight` for people: what stops the move, what to look at, how much is good, the Roles to ask for. */
export const renderPreflight = (result: PreflightResult, theme: Theme): string => {
  const { kind, source, dest, exitCode, summary } = result;
  const from = source === undefined ? '(source not checked)' : `${source.context}/${source.namespace}`;
  return [
    `${theme.strong(`preflight ${kind}`)} ${theme.strong(from)} ${kind === 'failback' ? '<-' : '->'} ${theme.strong(`${dest.context}/${dest.namespace}`)}`,
    ...preflightLines(result, theme),
    '',
    (exitCode === 0 ? theme.success : theme.failure)(summary),
    '',
  ].join('\n');
};

/** The checks by level, and the Roles to ask for, without heading and summary. */
export const preflightLines = (result: PreflightResult, theme: Theme): string[] => {
  const of = (...levels: Finding['level'][]): Finding[] =>
    result.checks.filter(({ level }) => levels.includes(level));
  const good = of('ok').length;
  return [
    ...section('Blocking', theme.failure, of('refuse')),
    ...section('Unsafe without acknowledgement', theme.failure, of('unsafe')),
    ...section('Warnings', theme.warning, of('warn')),
    ...section('Unknown', theme.warning, of('unknown')),
    ...section('Info', theme.dim, of('info')),
    '',
    theme.success(`${good} ${good === 1 ? 'check' : 'checks'} passed.`),
    ...roles(result, theme),
  ];
};

// More rows than this of one level say nothing that a count does not; `--output json` has them all.
const MOST_ROWS = 30;

const section = (title: string, paint: (text: string) => string, checks: readonly Finding[]): string[] => {
  if (checks.length === 0) return [];
  const shown = checks.length > MOST_ROWS + 1 ? checks.slice(0, MOST_ROWS) : checks;
  const more = checks.length - shown.length;
  return [
    '',
    paint(`${title}:`),
    ...shown.flatMap(({ id, message, hint }) => [
      `  ${id}: ${message}`,
      ...(hint === undefined ? [] : [`      ${hint}`]),
    ]),
    ...(more > 0 ? [`  … ${more} more (see --output json)`] : []),
  ];
};

const roles = ({ roleYaml, kind, source, dest }: PreflightResult, theme: Theme): string[] =>
  (['source', 'dest'] as const).flatMap((side) => {
    const yaml = roleYaml[side];
    const context = (side === 'source' ? source : dest)?.context ?? side;
    return yaml === undefined
      ? []
      : ['', theme.strong(`# Permissions that a ${kind} uses in context ${context}:`), yaml.trimEnd()];
  });
