import type { ExitName } from '../common/exit-codes.ts';
import type { Json } from '../kube/api-types.ts';
import type { ChangeQueue } from './journal-queue.ts';
import {
  beginStep,
  endStep,
  finishJournal,
  type JournalFacts,
  refuseFinished,
  skipStep,
  stopJournal,
  withBaseline,
  withData,
  withFacts,
  withNewBaseline,
  withPrior,
} from './journal-steps.ts';
import type { BaselineWorkload, Journal } from './record-types.ts';
import { redactAll } from './redact-json.ts';
import { timestamp } from './time-text.ts';

/** The entries of a journal, each a change in its queue; what they do and throw is told at JournalLog. */
export const createJournalChanges = (
  queue: Pick<ChangeQueue, 'change'>,
  { redact, now }: { readonly redact: (text: string) => string; now(): number },
) => {
  const clean = (text: string): string => redact(text).slice(0, TEXT_LIMIT);
  const cleanOptional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : clean(text);
  const at = (): string => timestamp(now());
  const change = (mutate: (journal: Journal) => Journal): Promise<void> =>
    queue.change((journal) => {
      refuseFinished(journal);
      return mutate(journal);
    });
  const begun = (journal: Journal, { id, title, detail }: StepName): Journal =>
    beginStep(journal, { id, title, detail: cleanOptional(detail) }, at());
  const end = (id: string, how: Parameters<typeof endStep>[2]): Promise<void> =>
    change((journal) => endStep(journal, id, how, at()));

  return {
    begin: (id: string, title: string, detail?: string) =>
      change((journal) => begun(journal, { id, title, detail })),
    beginAll: (steps: readonly StepName[]) => change((journal) => steps.reduce(begun, journal)),
    done: (id: string, detail?: string) => end(id, { state: 'done', detail: cleanOptional(detail) }),
    fail: (id: string, error: string) => end(id, { state: 'failed', error: clean(error) }),
    skip: (id: string, title: string, reason: string) =>
      change((journal) => skipStep(journal, { id, title, reason: clean(reason) }, at())),
    undone: (id: string, detail?: string) => end(id, { state: 'undone', detail: cleanOptional(detail) }),
    setBaseline: (baseline: readonly BaselineWorkload[]) =>
      change((journal) => withBaseline(journal, baseline)),
    renewBaseline: (baseline: readonly BaselineWorkload[]) =>
      change((journal) => withNewBaseline(journal, baseline)),
    note: (facts: JournalFacts) => change((journal) => withFacts(journal, facts)),
    setData: (claim: string, result: Json) =>
      change((journal) => withData(journal, claim, redactAll(result, redact))),
    recordPrior: (object: string, prior: Json) => change((journal) => withPrior(journal, object, prior)),
    stop: (reason: string) => change((journal) => stopJournal(journal, clean(reason))),
    finish: (result: ExitName) => change((journal) => finishJournal(journal, result, at())),
  };
};

/** What happens to a step of the journal; `id` is stable from run to run. */
export interface StepName {
  readonly id: string;
  readonly title: string;
  readonly detail?: string | undefined;
}

// Long enough for the worst admission message, short enough that a step stays a line.
const TEXT_LIMIT = 2000;
