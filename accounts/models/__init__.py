"""Models of people, logins, staff roles, organisations and rights to act."""

from accounts.models.consents import SupplierConsent
from accounts.models.identification import Arrival, SignOn
from accounts.models.inviting import Invitation, JoinRequest
from accounts.models.mail_choices import MailChoice
from accounts.models.organisations import BusinessId, Membership, Organisation, reached_by
from accounts.models.people import EmailCode, Identifier, Person, StaffRole, User, known_by
from accounts.models.rights import AccountDecision, AdministratorRequest, RightDocument
from accounts.models.succession import BelongsTo, Succession
