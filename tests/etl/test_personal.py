"""No column about a person is let in."""

import pytest

from data.errors import PayloadRejected
from etl.personal import refuse_personal


@pytest.mark.parametrize(
    "column",
    ["Name", "NAME ", "sur name", "DATE_OF_BIRTH", "D.O.B.", "dateOfBirth", "birth date of child", "phone", "e-mail",
     "passport no", "Passport_Number_2", "document no.", "finger-prints", "biometric id", "case ID", "National ID",
     "Prénom", "Nom", "date de naissance", "n° de téléphone", "passeport", "empreintes", "numéro de document",
     "Nombre", "apellidos", "fecha de nacimiento", "teléfono", "pasaporte n.º", "huella dactilar",
     "ПІБ", "Ім'я", "Прізвище", "№ паспорта", "Дата рождения", "نام خانوادگی", "شماره تماس", "Officer name",
     "Contact person", "Phone no.", "Nome completo",
     "الاسم", "الاسم الكامل", "تاريخ الميلاد", "رقم جواز السفر", "رَقم الهاتِف", "ｎａｍｅ"],
)  # fmt: skip
def test_columns_about_a_person_are_refused_with_the_reason(column):
    with pytest.raises(PayloadRejected, match="looks like data about a person; Waypost takes aggregate counts only"):
        refuse_personal(["place_id", column], "file.csv")


def test_columns_of_aggregates_are_not():
    refuse_personal(
        ["place_id", "people", "period_end_date", "population_group", "source_id", "note", "place_name", "site name",
         "organisation", "nationality", "age_group", "sex", "mode", "purpose", "households", "documents_checked",
         "refused", "column 12", "مكان", "العدد", "Назва пункту", "Кількість осіб", "نام مکان", "number of staff"],
        "file.csv",
    )  # fmt: skip


@pytest.mark.parametrize(
    "column",
    ["patient", "Patient ID", "patientid", "patientName", "patient_number", "patient sex", "patients_names", "Paciente",
     "n.º de paciente", "nombre de pacientes", "MALADE", "nom des malades", "doente", "nome do doente", "inpatient"],
)  # fmt: skip
def test_a_column_that_names_a_patient_is_refused(column):
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        refuse_personal([column], "file.csv")


@pytest.mark.parametrize(
    "column",
    ["patients", "patients_count", "patientscount", "number of patients", "patient count", "patient_beds", "inpatients",
     "total pacientes", "número de pacientes", "nombre de malades", "maladie", "maladies", "doentes", "doença",
     "impatience"],
)  # fmt: skip
def test_a_count_of_patients_is_not(column):
    refuse_personal([column], "file.csv")


@pytest.mark.parametrize("column", ["Name of head of family", "Household name", "Nom du chef de ménage"])
def test_a_name_of_somebody_is_refused_however_it_is_called(column):
    with pytest.raises(PayloadRejected, match="looks like data about a person"):
        refuse_personal((column,), "counts.csv")


@pytest.mark.parametrize("column", ["nombre de personnes", "site name", "people", "name of camp", "families"])
def test_a_name_of_a_place_and_a_number_of_people_are_not(column):
    refuse_personal((column,), "counts.csv")
