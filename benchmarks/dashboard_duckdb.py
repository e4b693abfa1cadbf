"""The peer of `benchmarks.dashboard`: the same questions in DuckDB, from the same office's Parquet files.

Run by it, with a Python of its own: `dashboard_duckdb.py FOLDER ROUNDS` prints answers and milliseconds as JSON.
"""

import json
import random
import sys
import time

import duckdb

FOLDER, ROUNDS = sys.argv[1], int(sys.argv[2])
YEAR, DAY = 2024, "2024-12-31"
LEVELS, AGES, SECTORS = (
    ("高级", "中级", "初级"),
    ("35岁及以下", "36—45岁", "46—55岁", "56岁以上"),
    ("卫生", "教育", "企业"),
)

con = duckdb.connect()
for table in ("person", "entry", "plan", "movement"):
    con.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{FOLDER}/{table}.parquet')")


def page(league=None, **people):
    """Everything the page shows; answers what both are held against."""
    whom = "".join(f" AND x.{name} = '{value}'" for name, value in people.items())
    papers = f" AND league = {league}" if league else ""
    home = f" AND x.authority = {league}" if league else ""

    def ask(text):
        return con.execute(text).fetchall()

    # credited by league and month, of some people where people are narrowed: map, bars, months, tiles
    joined = " JOIN person d ON d.id = e.person JOIN person x ON x.id = d.human" if people else ""
    shares = f"""
        WITH b AS (
          SELECT DISTINCT id AS plan, league, month(CAST(start_on AS DATE)) AS month, batch AS id, 1 AS sign
          FROM plan WHERE batch IS NOT NULL
          UNION ALL
          SELECT DISTINCT id, league, month(CAST(start_on AS DATE)), undone, -1 FROM plan WHERE undone IS NOT NULL)
        SELECT b.league, b.month, SUM(b.sign), SUM(e.hours), COUNT(DISTINCT b.plan)
        FROM b JOIN entry e ON e.batch = b.id{joined} WHERE 1 = 1{whom} GROUP BY 1, 2"""
    cells = ask(shares)
    mine = [cell for cell in cells if league in (None, cell[0])]
    by_league = {}
    for cell in cells:
        by_league[str(cell[0])] = by_league.get(str(cell[0]), 0) + cell[2]
    # completion by level, sector and age, and who lacks
    of_level = " ".join(f"AND x.{name} = '{value}'" for name, value in people.items() if name != "level")
    done = f"""
        WITH h AS (
          SELECT d.human, SUM(CASE WHEN e.subject = 'public' THEN e.hours ELSE 0 END) AS a,
            SUM(CASE WHEN e.subject = 'professional' THEN e.hours ELSE 0 END) AS b
          FROM entry e JOIN person d ON d.id = e.person WHERE e.year = {YEAR} GROUP BY 1)
        SELECT x.level, COUNT(*), SUM(CASE WHEN h.a >= 3000 AND h.b >= 6000 THEN 1 ELSE 0 END)
        FROM person x LEFT JOIN h ON h.human = x.id WHERE x.id = x.human{home} {{}} GROUP BY 1"""
    levels = ask(done.format(of_level))
    lacking = ask(done.format(whom))
    # the way of a training, what is stuck, what is late
    ask(f"""SELECT state, report IS NULL, CAST(start_on AS DATE) < DATE '{DAY}', COUNT(*), SUM(headcount)
        FROM plan WHERE 1 = 1{papers} GROUP BY 1, 2, 3""")
    stuck = ask(f"""SELECT DISTINCT id, headcount, start_on FROM plan WHERE (state IN ('submitted', 'returned')
        OR undone IS NOT NULL OR (state = 'approved' AND report IS NULL
        AND CAST(start_on AS DATE) < DATE '{DAY}')){papers} ORDER BY start_on""")
    # how long things waited
    ask(f"""WITH s AS (SELECT submission, league, action, CAST("at" AS TIMESTAMP) AS t,
          LAG(CAST("at" AS TIMESTAMP)) OVER (PARTITION BY submission ORDER BY id) AS filed FROM movement)
        SELECT league, COUNT(*), quantile_cont(epoch(t - filed) / 86400, [0.5, 0.9])
        FROM s WHERE action <> 'submit' AND t >= TIMESTAMP '{YEAR}-01-01'{papers} GROUP BY 1""")
    return {
        "people": float(sum(cell[2] for cell in mine)),
        "hours": float(sum(cell[3] for cell in mine)) / 100,
        "by_league": {league: float(people) for league, people in by_league.items() if people},
        "done": {level: [count, int(met or 0)] for level, count, met in levels},
        "lacking": sum(count - int(met or 0) for _, count, met in lacking),
        "stuck": 0 if people else len(stuck),
        "asked": True,
    }


def drawn(dice):
    chosen = {}
    for name, values in (("level", LEVELS), ("age", AGES), ("sector", SECTORS)):
        if dice.random() < 0.35:
            chosen[name] = dice.choice(values)
    return chosen | {"league": dice.choice((None, 2, 3, 4))}


began = time.perf_counter()
everything = page()
cold = time.perf_counter() - began
answers = {"all": everything, "some": page(league=2, level="高级")}
times = []
dice = random.Random(1)
for _ in range(min(ROUNDS, 20)):
    asked = drawn(dice)
    began = time.perf_counter()
    page(**asked)
    times.append(time.perf_counter() - began)
times.sort()
ms = [cold, times[len(times) // 2], times[int(len(times) * 0.95) - 1]]
print(json.dumps({"answers": answers, "ms": [round(each * 1000) for each in ms], "version": duckdb.__version__}))
