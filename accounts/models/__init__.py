"""People, their logins and roles, the organisations they act for, and on what basis."""

from accounts.models.identification import Arrival as Arrival
from accounts.models.identification import SignOn as SignOn
from accounts.models.inviting import Invitation as Invitation
from accounts.models.inviting import JoinRequest as JoinRequest
from accounts.models.organisations import BusinessId as BusinessId
from accounts.models.organisations import Membership as Membership
from accounts.models.organisations import Organisation as Organisation
from accounts.models.people import EmailCode as EmailCode
from accounts.models.people import Identifier as Identifier
from accounts.models.people import Person as Person
from accounts.models.people import StaffRole as StaffRole
from accounts.models.people import User as User
from accounts.models.rights import AdministratorRequest as AdministratorRequest
from accounts.models.rights import RightDocument as RightDocument
from accounts.models.succession import Succession as Succession
