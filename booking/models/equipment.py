"""Movable equipment: things with a stock (tablets, a projector) that entries take along."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from booking.models.base import Base
from booking.models.catalogue import Organisation, Venue


class Equipment(Base):
    """So many of one kind, kept at a venue of an organisation. What is out at any time never passes ``stock``."""

    __tablename__ = "equipment"
    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    organisation_pk: Mapped[int] = mapped_column(ForeignKey("organisation.pk"), index=True)
    venue_pk: Mapped[int | None] = mapped_column(ForeignKey("venue.pk"))
    stock: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    organisation: Mapped[Organisation] = relationship()
    venue: Mapped[Venue | None] = relationship()
    __table_args__ = (CheckConstraint("stock >= 0", name="stock"),)


class EntryEquipment(Base):
    """How many of it an entry takes, on each of its dates, for as long as its claims last."""

    __tablename__ = "entry_equipment"
    entry_pk: Mapped[int] = mapped_column(ForeignKey("entry.pk"), primary_key=True)
    equipment_pk: Mapped[int] = mapped_column(ForeignKey("equipment.pk"), primary_key=True, index=True)
    quantity: Mapped[int]
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)
