import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { SERVICES } from '../../../deployment/lib/services.mjs';
import { folderOf } from '../../lib/go-build.mjs';
import { KUBECONFIG } from '../../lib/paths.mjs';

const START_TIMEOUT_MS = 60_000;

/** `kubectl port-forward` of every service. @returns {Promise<{addresses: Record<string, string>, close: () => void}>} */
export async function forwardServices({ namespace, fullname }) {
  const children = [];
  try {
    const addresses = {};
    for (const service of SERVICES) {
      const child = spawn(join(folderOf('kubernetes'), 'kubectl'), ['--kubeconfig', KUBECONFIG, '-n', namespace, 'port-forward', `service/${fullname}-${service}`, ':7070'], { stdio: ['ignore', 'pipe', 'pipe'] });
      children.push(child);
      addresses[service] = await addressOf(child);
    }
    return { addresses, close: () => children.forEach((child) => child.kill()) };
  } catch (error) {
    for (const child of children) child.kill();
    throw error;
  }
}

function addressOf(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`port-forward: ${text}`)), START_TIMEOUT_MS);
    const read = (chunk) => {
      text += chunk;
      const port = /127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      clearTimeout(late);
      resolve(`127.0.0.1:${port}`);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('exit', () => (clearTimeout(late), reject(new Error(`port-forward ended: ${text}`))));
  });
}
