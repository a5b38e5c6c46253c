"""Print each figure as it is found."""

from benchmarks.honesty.nafld import measured

for goal in measured():
    verdict = {True: "holds: ", False: "FAILS: ", None: ""}[goal.holds]
    print(f"{goal.case}: {goal.found}{f'  [{verdict}{goal.asked}]' if goal.asked else ''}", flush=True)
