"""The registration authority: may this certificate be issued, to whom, for which key?"""
