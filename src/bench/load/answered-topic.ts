/** What answering-server.ts calls the topic in its answers: the generator skips a name of that length. */
export const answeredTopic = "bench-answers";
