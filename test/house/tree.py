"""The source files of the project, for the house tests."""
import os

SKIPPED = {".git", ".cache", "__pycache__"}
CODE = (".h", ".cpp", ".td")
TEXT = CODE + (".py", ".md", ".mlir", ".cmake", ".txt", ".yaml", ".json", ".def", ".bash", ".in", "")


def files(root, endings):
    """Paths below root, relative to it, that end in one of `endings`; no build folders."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(f for f in folders
                            if f not in SKIPPED and not (folder == root and f.startswith("build")))
        for name in sorted(names):
            # In a worktree .git is a file.
            if name not in SKIPPED and os.path.splitext(name)[1] in endings:
                yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def report(problems, claim):
    """Prints what is wrong, or the claim that holds; returns the exit code."""
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else claim)
    return 1 if problems else 0
