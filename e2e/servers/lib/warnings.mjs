// Loaded by programs that people start. kafkajs asks for a timer in the past at each connection, and Node warns each time.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
