// Prints the workspaces that images are made of: what the Dockerfile compiles.
import { readFileSync } from 'node:fs';

const { images } = JSON.parse(readFileSync(new URL('images.json', import.meta.url), 'utf8'));
console.log([...new Set(Object.values(images).map(({ workspace }) => workspace))].join(' '));
