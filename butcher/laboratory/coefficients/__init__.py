"""What training made of the numbers of a scheme: steps and multistep coefficients, by block."""
