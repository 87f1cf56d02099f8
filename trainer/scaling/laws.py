"""Compute-optimal sizes from published fits of L(N, D) = E + A / N^α + B / D^β, with C = 6 N D. Light: no torch.

N counts all parameters, embeddings included, as Hoffmann et al. do; D counts tokens, each seen once; C counts FLOP.
"""

from dataclasses import dataclass

FLOP_PER_PARAMETER_AND_TOKEN = 6
# Compute of the runs behind the fits, in FLOP (Hoffmann et al. 2022, section 3.2); beyond it they extrapolate.
FITTED_FLOP = (6e18, 3e21)


@dataclass(frozen=True)
class Optimum:
    """The best split of `flop` between parameters and tokens, and the loss in nats that the fit predicts there."""

    flop: float
    parameters: float
    tokens: float
    loss: float


@dataclass(frozen=True)
class Fit:
    """The five numbers of a fit and where they stand."""

    source: str
    irreducible: float  # E
    parameter_factor: float  # A
    token_factor: float  # B
    alpha: float
    beta: float

    def loss(self, parameters: float, tokens: float) -> float:
        """Nats a token that the fit predicts, for the data and the tokenizer of its runs."""
        return self.irreducible + self.parameter_factor / parameters**self.alpha + self.token_factor / tokens**self.beta

    def for_flop(self, flop: float) -> Optimum:
        """N = G (C/6)^a, D = (C/6)^b / G with a = β/(α+β), b = α/(α+β), G = (αA / βB)^(1/(α+β)) (their equation 4)."""
        product = flop / FLOP_PER_PARAMETER_AND_TOKEN
        parameters = self._balance * product ** (self.beta / (self.alpha + self.beta))
        return Optimum(flop, parameters, product / parameters, self.loss(parameters, product / parameters))

    def for_tokens(self, tokens: float) -> Optimum:
        """The compute for which `tokens` is optimal."""
        product = (tokens * self._balance) ** ((self.alpha + self.beta) / self.alpha)
        return self.for_flop(product * FLOP_PER_PARAMETER_AND_TOKEN)

    @property
    def _balance(self) -> float:
        ratio = self.alpha * self.parameter_factor / (self.beta * self.token_factor)
        return ratio ** (1 / (self.alpha + self.beta))


# Besiroglu et al. fitted the runs of Hoffmann et al. again and found the published third approach not to follow from
# them; their optimum agrees with the first two. Standard errors: E 0.03, A 124.58, B 1293.23, α 0.02, β 0.02, a 0.02.
BESIROGLU = Fit("Besiroglu et al. 2024, arXiv 2404.10102", 1.8172, 482.01, 2085.43, 0.3478, 0.3658)
# As published, rounded: kept to show how far the fits part.
HOFFMANN = Fit("Hoffmann et al. 2022, approach 3 as published, arXiv 2203.15556", 1.69, 406.4, 410.7, 0.34, 0.28)
