/** How many requests to a server are under way at once: a number that finds its level. */
export interface AdaptiveLimit {
  /** At most so many may be under way now. */
  limit(): number;
  /** A request was answered after so many ms, while so many were under way with it. */
  answered(ms: number, underWay: number): void;
  /** The server has asked for less (429). */
  refused(): void;
}

/**
 * Makes a level from 16, or from `most` where that is less: it grows as long as answers stay about as quick as the
 * quickest ones, and shrinks when they become slow or the server refuses; additive up and multiplicative down, as
 * TCP does, after a doubling start. A far server gets many requests at once, as its answers do not come later for it;
 * one that is busy gets no more than at the start. Only a refusal leads below that: answers may be slow because this
 * very process is. Pure but for what it is told.
 */
export const createAdaptiveLimit = (most: number): AdaptiveLimit => {
  let limit = Math.min(START, most);
  let isStarting = true;
  let quickest = Number.POSITIVE_INFINITY;
  let round = newRound();

  const end = ({ count, sum, peak }: Round): void => {
    const mean = sum / count;
    // Slowly up again: the quickest answers of a quiet moment must not be the measure for ever.
    quickest = mean < quickest ? mean : quickest + (mean - quickest) * DRIFT;
    if (mean > quickest * SLOW + JITTER_MS) {
      limit = Math.max(Math.min(START, most), Math.floor(limit * 0.8));
      isStarting = false;
    } else if (mean <= quickest * QUICK + JITTER_MS && peak >= limit) {
      limit = Math.min(most, isStarting ? limit * 2 : limit + STEP);
    }
    round = newRound();
  };

  return {
    limit: () => limit,
    answered: (ms, underWay) => {
      round = { ...round, count: round.count + 1, sum: round.sum + ms, peak: Math.max(round.peak, underWay) };
      if (round.count >= Math.max(limit, SHORTEST_ROUND)) end(round);
    },
    refused: () => {
      // The refusals of one moment are one sign.
      if (round.wasRefused !== true) limit = Math.max(1, Math.floor(limit / 2));
      round = { ...newRound(), wasRefused: true };
      isStarting = false;
    },
  };
};

interface Round {
  readonly count: number;
  readonly sum: number;
  readonly peak: number;
  readonly wasRefused?: true;
}

const newRound = (): Round => ({ count: 0, sum: 0, peak: 0 });

const START = 16;
const STEP = 2;
const SHORTEST_ROUND = 8;
// Of the mean of a round, compared with the quickest one; ms of noise are no sign on a near server.
const QUICK = 1.3;
const SLOW = 2;
const JITTER_MS = 5;
const DRIFT = 0.002;
