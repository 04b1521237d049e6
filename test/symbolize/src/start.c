volatile int state;

__attribute__((noinline)) int trace(int what, int value)
{
	state += value + what;
	return state;
}
