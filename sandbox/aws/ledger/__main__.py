"""``python -m sandbox.aws.ledger``: how many behaviours are known, and how."""

from __future__ import annotations

from collections import Counter

from sandbox.aws.ledger import Kind, rows


def main() -> None:
    families = sorted({row_id.partition(".")[0] for row_id in rows()})
    counted = Counter((row_id.partition(".")[0], row.kind) for row_id, row in rows().items())
    by_kind = Counter(row.kind for row in rows().values())
    print(f"{'rows':<14}" + "".join(f"{kind:>12}" for kind in Kind) + f"{'all':>12}")
    for family in families:
        numbers = [counted[family, kind] for kind in Kind]
        print(f"{family:<14}" + "".join(f"{number:>12}" for number in (*numbers, sum(numbers))))
    print(f"{'all':<14}" + "".join(f"{by_kind[kind]:>12}" for kind in Kind) + f"{len(rows()):>12}")
    print(f"{'share':<14}" + "".join(f"{by_kind[kind] / len(rows()):>12.0%}" for kind in Kind))
    variants = sum(len(row.variants) for row in rows().values() if row.kind is Kind.ASSUMED)
    print(f"{variants} variants of what is assumed")


if __name__ == "__main__":
    main()
