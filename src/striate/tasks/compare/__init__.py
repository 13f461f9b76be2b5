"""Several recognisers on one split, each trained in processes of its own, compared on one page.

asked.py what is compared · draws.py which pictures each learns from · cells.py one training's answers in a file
child.py the process that makes one · children.py who starts and ends them · findings.py from cells to facts
gallery.py pictures and the table of answers · job.py from the question to the page
"""
