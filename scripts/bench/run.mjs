// How contenders take their turns.

/** Says what a run goes on without. */
export const skip = (reason) => console.log(`left out: ${reason}`);

/** Those that start; one after the other, so that a build has the machine to itself. */
export async function started(contenders) {
  const running = [];
  for (const contender of contenders) {
    console.error(`building: ${contender.name}`);
    try {
      await contender.start();
      running.push(contender);
    } catch (error) {
      skip(`${contender.name}: ${error.message}`);
    }
  }
  return running;
}

/** Lets all do a command in turns, so many times; those that are left. */
export async function measured(contenders, command, rounds) {
  let left = contenders;
  for (let round = 0; round < rounds; round++) {
    for (const contender of left) {
      console.error(`${command} ${round + 1} of ${rounds}: ${contender.name}`);
      try {
        await contender.measure(command);
      } catch (error) {
        skip(`${contender.name}: ${error.message}`);
        left = left.filter((one) => one !== contender);
      }
    }
  }
  return left;
}
