import { expect, test } from 'vitest';
import { splitJobs } from '../../src/sides/jobs-at-home.ts';
import type { StartTarget } from '../../src/sides/side-types.ts';
import { object } from '../helpers/objects.ts';

const target = (apiVersion: string, kind: string, name: string): StartTarget => ({
  ...{ apiVersion, kind, name, wave: 0, replicas: undefined },
  ...{ wanted: undefined, autoscaled: false, enough: undefined, last: false },
});
const TARGETS = [
  target('apps/v1', 'Deployment', 'done'),
  target('batch/v1', 'Job', 'done'),
  target('batch/v1', 'Job', 'going'),
  target('batch/v1', 'Job', 'gone'),
  target('batch/v1', 'CronJob', 'going'),
];
const ended = { conditions: [{ type: 'Complete', status: 'True' }] };
const DEST = [
  object('batch/v1', 'Job', 'done', { status: ended }),
  object('batch/v1', 'Job', 'going', { status: { active: 1 } }),
  // Only Jobs say anything about Jobs.
  object('apps/v1', 'Deployment', 'gone'),
];
const namesOf = (targets: readonly StartTarget[]): string[] =>
  targets.map(({ kind, name }) => `${kind} ${name}`);

test('a Job that has ended at the destination, or is gone there, does not run again at home', () => {
  const { start, over } = splitJobs(TARGETS, DEST, 'suspend');
  expect(namesOf(start)).toEqual(['Deployment done', 'Job going', 'CronJob going']);
  expect(namesOf(over)).toEqual(['Job done', 'Job gone']);
});

test('none does when the Jobs of the destination are left running', () => {
  const { start, over } = splitJobs(TARGETS, DEST, 'leave');
  expect(namesOf(start)).toEqual(['Deployment done', 'CronJob going']);
  expect(namesOf(over)).toEqual(['Job done', 'Job going', 'Job gone']);
});
