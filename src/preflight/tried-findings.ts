import { clause } from '../common/sentences.ts';
import { isAboutRights } from '../kube/about-rights.ts';
import type { Failure } from '../kube/api-errors.ts';
import type { Finding } from '../needs/findings.ts';
import { finding } from '../needs/findings.ts';
import { isUnasked, type Tried } from '../sides/try-patches.ts';

/**
 * What came of writes that were tried: a refusal for each that the server would not take, and one row for all those
 * that it could not be asked about. `doing` says what the write does with an object, as a clause without a subject: `to
 * stop Deployment web in namespace shop of context dr`. Pure.
 */
export const triedRows = (
  id: string,
  tried: readonly Tried[],
  doing: (name: string) => string,
  hint: string,
): Finding[] => {
  const failed = tried.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, failure }]));
  const open = failed.filter(({ failure }) => isOpen(failure));
  const [first] = open;
  return [
    ...failed
      .filter(({ failure }) => !isOpen(failure))
      .map(({ name, failure }) =>
        finding(id, 'refuse', name, `The server refuses ${doing(name)}: ${clause(failure.detail)}.`, hint),
      ),
    ...(first === undefined
      ? []
      : [
          finding(
            id,
            'unknown',
            open.length === 1 ? first.name : `${open.length} objects`,
            `Could not check whether the server allows dr-syncer ${doing(first.name)}${
              open.length === 1 ? '' : ` (and ${open.length - 1} more)`
            }: ${clause(first.failure.detail)}.`,
          ),
        ]),
  ];
};

/** Whether an answer to a dry run says nothing about the real write; missing rights have a check of their own. Pure. */
export const isOpen = (failure: Failure): boolean => isAboutRights(failure) || isUnasked(failure);
