#!/usr/bin/env node
import { main } from '../dist/bundle/main.js';

await main(['send', ...process.argv.slice(2)]);
