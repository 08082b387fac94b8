"""Why a case ended as it did: which steps were taken, what decided, who was asked, what happened outside."""
