import { spawn } from 'node:child_process';

/** What kubectl said; a non-zero `exitCode` is an answer, not an exception. */
export interface KubectlRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl against one context of one kubeconfig, with nothing else from the environment to lead it astray. */
export function runKubectl(
  kubectl: string,
  kubeconfig: string,
  context: string,
  args: readonly string[],
  options: { stdin?: string } = {},
): Promise<KubectlRun> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: kubeconfig };
    const child = spawn(kubectl, ['--context', context, ...args], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ exitCode: code ?? 1, stdout, stderr }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}
