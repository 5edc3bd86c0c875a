"""Checks of grids, buildings and duties (domain.md §1)."""

from collections.abc import Iterator

from models.audit.check import Check, Finding, Look, offenders


def _paths(look: Look) -> Iterator[Finding]:
    grids = {row["id"]: row for row in look.rows("SELECT id, parent_id, community_id, code, path FROM grid")}
    for grid in grids.values():
        walk: list[str] = []
        seen: set[int] = set()
        at = grid
        while at["parent_id"] in grids and at["id"] not in seen:
            seen.add(at["id"])
            walk.append(at["code"])
            at = grids[at["parent_id"]]
        where = f"网格 {grid['code'] or '社区'}"
        if at["id"] in seen:
            yield Finding(where, "上级转了一圈又回到自己")
        elif (path := "/".join([str(grid["community_id"]), *reversed(walk)])) != grid["path"]:
            yield Finding(where, f"路径写的是 {grid['path']}，按上级走是 {path}")


# Two rows of one building at one instant: half-open intervals, and an open end is later than everything.
_TWO_GRIDS = """
SELECT b.estate, b.no, x.valid_from FROM building_grid x
JOIN building_grid y ON y.building_id = x.building_id AND y.id > x.id
JOIN building b ON b.id = x.building_id
WHERE (x.valid_to IS NULL OR x.valid_to > y.valid_from) AND (y.valid_to IS NULL OR y.valid_to > x.valid_from)
  AND (x.valid_to IS NULL OR x.valid_to > x.valid_from) AND (y.valid_to IS NULL OR y.valid_to > y.valid_from)
"""
_ENDED_GRID = """
SELECT b.estate, b.no, g.code FROM building_grid x JOIN building b ON b.id = x.building_id
JOIN grid g ON g.id = x.grid_id
WHERE x.valid_to IS NULL AND (g.valid_to IS NOT NULL OR g.kind <> 'microgrid')
"""
_UNATTENDED = """
SELECT g.code FROM grid g WHERE g.kind = 'microgrid' AND g.valid_to IS NULL AND NOT EXISTS (
  SELECT 1 FROM duty d WHERE d.grid_id = g.id AND d.role = 'micro_worker' AND d.rank = 'A' AND d.valid_to IS NULL)
"""
_HOMELESS = """
SELECT b.estate, b.no FROM building b WHERE b.gone_at IS NULL
AND NOT EXISTS (SELECT 1 FROM building_grid x WHERE x.building_id = b.id AND x.valid_to IS NULL)
"""
_DOORS = """
SELECT b.estate, b.no, u.no AS unit, h.room FROM household h JOIN unit u ON u.id = h.unit_id
JOIN building b ON b.id = u.building_id
GROUP BY b.community_id, b.estate, b.no, u.no, h.room HAVING count(*) > 1
"""
_REPRESENTATIVES = """
SELECT household_id FROM binding WHERE valid_to IS NULL AND is_representative
GROUP BY household_id HAVING count(*) > 1
"""
_BOUND_TWICE = """
SELECT person_id, household_id FROM binding WHERE valid_to IS NULL
GROUP BY person_id, household_id HAVING count(*) > 1
"""
_TWICE = "SELECT community_id, estate, no FROM building GROUP BY community_id, estate, no HAVING count(*) > 1"
_BACKWARDS = """
SELECT COALESCE(g.code, '') AS code, COALESCE(w.userid, '') AS userid FROM duty d
LEFT JOIN grid g ON g.id = d.grid_id LEFT JOIN worker w ON w.id = d.worker_id WHERE d.valid_to < d.valid_from
"""

CHECKS = (
    Check("G1", "网格成树，路径与上级一致", _paths),
    Check(
        "G2",
        "一栋楼在任一时刻只归一个微网格",
        offenders("楼栋 {estate}{no}", "同一时刻归了两个网格", _TWO_GRIDS),
    ),
    Check(
        "G2.active",
        "楼栋归的是还在用的微网格",
        offenders("楼栋 {estate}{no}", "归的网格 {code} 已经撤销，或不是微网格", _ENDED_GRID),
    ),
    Check(
        "G2.none", "每栋还在的楼都归一个微网格", offenders("楼栋 {estate}{no}", "没有归任何网格", _HOMELESS)
    ),
    Check("G5", "一户只有一位户代表", offenders("第 {household_id} 户", "有两位户代表", _REPRESENTATIVES)),
    Check(
        "G5.bound",
        "一个人和一户只绑定一次",
        offenders("第 {household_id} 户", "第 {person_id} 位绑定了两次", _BOUND_TWICE),
    ),
    Check(
        "G4.doors", "一个小区里门牌不重", offenders("{estate}{no}栋{unit}单元{room}", "登记了两户", _DOORS)
    ),
    Check(
        "G3",
        "每个微网格都有负责的人",
        offenders("网格 {code}", "没有负责的人，报事会交给网格长", _UNATTENDED),
        alarm=True,
    ),
    Check("G4", "一个小区里楼号不重", offenders("楼栋 {estate}{no}", "登记了两次", _TWICE)),
    Check("duty.dates", "值守的起止不颠倒", offenders("网格 {code} 的 {userid}", "结束早于开始", _BACKWARDS)),
)
